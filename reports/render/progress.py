"""Progress of the run that a report describes."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Progress:
    """Cells of a run that is still going on.

    Attributes:
        done: cells that have ended.
        planned: all cells.
        at: the time of the count, with its zone.
    """

    done: int
    planned: int
    at: datetime

    @property
    def sentence(self) -> str:
        """The count and its time, by which a reader can see that a run has been stopped."""
        return f"{self.done:,} of {self.planned:,} cells at {self.at:%H:%M on %Y-%m-%d (%Z)}"
