"""The choice of a regularisation strength on validation, over a grid that widens until the optimum is inside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from models.model import select

MOST_STEPS = 4
"""Values beyond each end of a grid that are tried at most."""

T = TypeVar("T")


@dataclass(frozen=True)
class Trial(Generic[T]):
    """A value of C, fitted and judged.

    Attributes:
        entry: of the training's history, with "C", "valid_accuracy" and "valid_loss".
        fitted: what was fitted.
    """

    entry: dict[str, float]
    fitted: T


@dataclass(frozen=True)
class Search(Generic[T]):
    """The trials of all values of C, in ascending order.

    Attributes:
        selected: the trial to keep.
        inside: whether weaker and stronger values were tried; None where C was given.
    """

    trials: list[Trial[T]]
    selected: int
    inside: bool | None

    @property
    def history(self) -> list[dict[str, float]]:
        """The entries of the trials."""
        return [trial.entry for trial in self.trials]

    @property
    def best(self) -> Trial[T]:
        """The selected trial."""
        return self.trials[self.selected]


def search(given: float | None, grid: Sequence[float], fit: Callable[[Sequence[float]], list[Trial[T]]]) -> Search[T]:
    """Fit each value of C, and further values while the best on validation is the smallest or the largest.

    Args:
        given: the only value to fit; None searches.
        grid: ascending values, two at least.
        fit: fits several values.
    """
    if given is not None:
        return Search(fit([given]), 0, None)
    trials = fit(grid)
    for _ in range(2 * MOST_STEPS):
        selected = select([trial.entry for trial in trials])
        values = [trial.entry["C"] for trial in trials]
        below, above = len([v for v in values if v < grid[0]]), len([v for v in values if v > grid[-1]])
        if selected == 0 and below < MOST_STEPS:
            trials = fit([_next(values[1], values[0])]) + trials
        elif selected == len(trials) - 1 and above < MOST_STEPS:
            trials = trials + fit([_next(values[-2], values[-1])])
        else:
            break
    selected = select([trial.entry for trial in trials])
    return Search(trials, selected, 0 < selected < len(trials) - 1)


def _next(before: float, last: float) -> float:
    """The value that continues a geometric series, to three digits."""
    return float(f"{last * last / before:.3g}")
