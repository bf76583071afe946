"""What the next model buys, and what it costs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports import formats
from reports.analysis.results import REFERENCE_LOSS
from reports.analysis.statistics import Accuracy, Comparison
from reports.analysis.throughput import throughput


@dataclass(frozen=True)
class Step:
    """A model beside the best of the cheaper ones, for the same training rows.

    Attributes:
        cheaper: the cheapest model, or the last that was significantly better than the one before it.
        model: the next one by seconds to fit.
        times: how many times the seconds to fit.
        gain: accuracy of `model` less that of `cheaper`.
        comparison: the two compared.
    """

    cheaper: Accuracy
    model: Accuracy
    times: float
    gain: float
    comparison: Comparison

    @property
    def sentence(self) -> str:
        """What it says."""
        model, cheaper = self.model.configuration.model, self.cheaper.configuration.model
        sign = 1 if self.comparison.first.key == self.model.configuration.key else -1
        ends = sorted(sign * end for end in self.comparison.interval)
        found = (
            f"{formats.points(self.gain)} points, 95 % interval {formats.points(ends[0])} to {formats.points(ends[1])}"
        )
        cost = f"{formats.significant(self.times)} times the training time of {cheaper}"
        if not self.comparison.significant:
            return f"{model} takes {cost} and cannot be told apart from it, given all comparisons made ({found})."
        return f"{model} takes {cost} and is {'better' if self.gain > 0 else 'worse'} ({found})."


@dataclass(frozen=True)
class Ladder:
    """The models of one training size with cross-entropy, from the cheapest up."""

    cheapest: Accuracy
    fit_seconds: float
    steps: tuple[Step, ...]

    @property
    def sentence(self) -> str:
        """Where it begins."""
        c = self.cheapest.configuration
        reached = formats.percent_interval(self.cheapest.value, self.cheapest.interval)
        return (
            f"With {c.train_size:,} training reviews, {c.model} is the cheapest: "
            f"{reached} % in {formats.significant(self.fit_seconds)} s of training."
        )


def ladders(accuracies: Sequence[Accuracy], comparisons: Sequence[Comparison]) -> tuple[Ladder, ...]:
    """A ladder for each training size; models whose training was not timed are left out."""
    sizes: dict[int, list[tuple[float, Accuracy]]] = {}
    for accuracy in accuracies:
        seconds = throughput(accuracy.configuration.cells).fit_seconds
        if accuracy.configuration.loss_name == REFERENCE_LOSS and not np.isnan(seconds):
            sizes.setdefault(accuracy.configuration.train_size, []).append((seconds, accuracy))
    compared = {frozenset((c.first.key, c.second.key)): c for c in comparisons}
    return tuple(_ladder(sorted(timed, key=lambda entry: entry[0]), compared) for _, timed in sorted(sizes.items()))


def _ladder(timed: Sequence[tuple[float, Accuracy]], compared: dict[frozenset[str], Comparison]) -> Ladder:
    base_seconds, base = timed[0]
    steps = []
    for seconds, accuracy in timed[1:]:
        comparison = compared[frozenset((base.configuration.key, accuracy.configuration.key))]
        steps.append(Step(base, accuracy, seconds / base_seconds, accuracy.value - base.value, comparison))
        if comparison.better and comparison.better.key == accuracy.configuration.key:
            base_seconds, base = seconds, accuracy
    return Ladder(timed[0][1], timed[0][0], tuple(steps))
