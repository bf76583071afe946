"""The choice of a regularisation strength on validation, over a grid that widens until the optimum is inside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from models.model import FitReport, select, standing

MOST_STEPS = 6
"""Values beyond each end of a grid that are tried at most."""

PERFECT = 1.0
"""No value of C is better than one without a mistake on validation; losses and costs stand below zero."""

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
    """The outcome of trying several values of C.

    Attributes:
        history: the entries of the trials, in ascending order of C.
        selected: the entry of the trial that is kept.
        fitted: what that trial fitted.
        inside: whether no value beyond those tried may be better: weaker and stronger ones were tried, or none can be
            better; None where C was given.
    """

    history: list[dict[str, float]]
    selected: int
    fitted: T
    inside: bool | None

    @property
    def entry(self) -> dict[str, float]:
        """The selected entry."""
        return self.history[self.selected]

    def report(self, parameters: int, cached_texts: int = 0) -> FitReport:
        """Return the report of a training that consists of this search.

        Args:
            parameters: number of learnt parameters.
            cached_texts: see `FitReport`.
        """
        return FitReport(
            parameters=parameters,
            history=self.history,
            selected=self.selected,
            converged=bool(self.entry["converged"]),
            optimum_inside=self.inside,
            cached_texts=cached_texts,
        )


def search(given: float | None, grid: Sequence[float], *fits: Callable[[Sequence[float]], list[Trial[T]]]) -> Search[T]:
    """Fit each value of C, and further values while the best on validation is the smallest or the largest.

    Of several kinds of features, the one with the lowest log loss on validation for a value of the grid is kept, and
    the others are forgotten. The accuracies of a few hundred texts are too coarse for that choice.

    Args:
        given: the only value to fit; None searches.
        grid: ascending values, two at least.
        fits: fit several values; one function for each kind of features.
    """
    starts = [(fit(grid if given is None else [given]), fit) for fit in fits]
    trials, fit = min(starts, key=lambda start: min(trial.entry["valid_loss"] for trial in start[0]))
    if given is not None:
        return Search([trials[0].entry], 0, trials[0].fitted, None)
    for _ in range(2 * MOST_STEPS):
        selected = select([trial.entry for trial in trials])
        if standing(trials[selected].entry) >= PERFECT:
            break
        values = [trial.entry["C"] for trial in trials]
        below, above = len([v for v in values if v < grid[0]]), len([v for v in values if v > grid[-1]])
        if selected == 0 and below < MOST_STEPS:
            trials = fit([_next(values[1], values[0])]) + trials
        elif selected == len(trials) - 1 and above < MOST_STEPS:
            trials = trials + fit([_next(values[-2], values[-1])])
        else:
            break
    history = [trial.entry for trial in trials]
    selected = select(history)
    inside = 0 < selected < len(trials) - 1 or standing(history[selected]) >= PERFECT
    return Search(history, selected, trials[selected].fitted, inside)


def _next(before: float, last: float) -> float:
    """The value that continues a geometric series, to three digits."""
    return float(f"{last * last / before:.3g}")
