"""Progress of the run that a report describes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """Cells of a run that is still going on.

    Attributes:
        done: cells that have ended.
        planned: all cells.
    """

    done: int
    planned: int

    @property
    def sentence(self) -> str:
        """Its count."""
        return f"{self.done:,} of {self.planned:,} cells"
