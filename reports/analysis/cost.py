"""Cost of each model relative to the cheapest of its training size, and whether it is better."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports import formats
from reports.analysis import sentences
from reports.analysis.accuracy import Accuracy
from reports.analysis.comparisons import Comparison
from reports.analysis.noise import Noise, fit_timing
from reports.analysis.primary import Primary
from reports.analysis.rate_ratios import Ratio, ratio


@dataclass(frozen=True)
class Step:
    """A model beside the cheapest one, for the same training rows.

    Attributes:
        cheapest: the cheapest model.
        model: the other one.
        times: its seconds to fit over those of the cheapest.
        comparison: the model against the cheapest, as part of the report's family.
        doubts: what kept the machine busy while it was timed; "" where nothing did.
    """

    cheapest: Accuracy
    model: Accuracy
    times: Ratio
    comparison: Comparison
    doubts: str

    @property
    def sentence(self) -> str:
        """Its cost and its verdict."""
        doubts = f" (in doubt: {self.doubts})" if self.doubts else ""
        return (
            f"{self.model.configuration.model} takes {sentences.times(self.times)} the training time of "
            f"{self.cheapest.configuration.model}{doubts}. {sentences.verdict(self.comparison)}"
        )


@dataclass(frozen=True)
class Ladder:
    """The models of one training size, from the cheapest up.

    Attributes:
        cheapest: by the seconds to fit.
        fit_seconds: of it, the median over its trainings.
        readings: trainings that were timed.
        doubts: what kept the machine busy during one of them; "" where nothing did.
        steps: every other model, by its seconds to fit.
    """

    cheapest: Accuracy
    fit_seconds: float
    readings: int
    doubts: str
    steps: tuple[Step, ...]

    @property
    def sentence(self) -> str:
        """The cheapest model."""
        c = self.cheapest.configuration
        reached = formats.percent_interval(self.cheapest.value, self.cheapest.interval)
        doubts = f" That is in doubt: {self.doubts}." if self.doubts else ""
        fits = "1 fit" if self.readings == 1 else f"median of {self.readings} fits"
        return (
            f"With {c.train_size:,} training texts, {c.model} is the cheapest as measured: {reached} % in "
            f"{formats.significant(self.fit_seconds)} s of training ({fits}).{doubts}"
        )


def ladders(accuracies: Sequence[Accuracy], primary: Primary, noise: Noise) -> tuple[Ladder, ...]:
    """A ladder for each training size; models whose training was not timed are left out."""
    known = {accuracy.configuration.key: accuracy for accuracy in accuracies}
    found = []
    for cheapest, comparisons in primary.against_cheapest.values():
        base = fit_timing(cheapest.cells)
        if not base.processes:
            continue
        steps = []
        for comparison in comparisons:
            own = fit_timing(comparison.first.cells)
            if own.processes:
                doubts = noise.doubts(comparison.first.cells)
                times = ratio(own, base)
                steps.append(Step(known[cheapest.key], known[comparison.first.key], times, comparison, doubts))
        steps.sort(key=lambda step: step.times.value)
        found.append(
            Ladder(known[cheapest.key], base.median, base.readings, noise.doubts(cheapest.cells), tuple(steps))
        )
    return tuple(found)
