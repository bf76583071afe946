"""What more training rows buy, and from how many on a costlier model pays."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports.analysis.statistics import Accuracy, Comparison
from reports.analysis.throughput import throughput


@dataclass(frozen=True)
class LearningCurve:
    """Accuracy over training rows, for one model and loss.

    Attributes:
        points: one for each training size, smallest first.
        fit_seconds: median over seeds at each size; NaN where not measured.
    """

    points: tuple[Accuracy, ...]
    fit_seconds: tuple[float, ...]

    @property
    def model(self) -> str:
        """Its label."""
        return self.points[0].configuration.model

    @property
    def loss(self) -> str:
        """Its label."""
        return self.points[0].configuration.loss

    @property
    def sizes(self) -> tuple[int, ...]:
        """Training rows of each point."""
        return tuple(point.configuration.train_size for point in self.points)

    def at(self, size: int) -> Accuracy:
        """The point of that training size."""
        return self.points[self.sizes.index(size)]


@dataclass(frozen=True)
class Crossing:
    """Where a costlier model overtakes a cheaper one, by linear interpolation over the logarithm of the training rows.

    Attributes:
        cheaper, costlier: by the seconds to fit at the largest size that both ran.
        sizes: the smallest and the largest training size that both ran.
        train_size: training rows from which the costlier one is ahead, up to the largest size; the smallest size if it
            is never behind; None if it is not ahead at the largest.
        told_apart: whether the two differ significantly at the largest size.
    """

    cheaper: LearningCurve
    costlier: LearningCurve
    sizes: tuple[int, int]
    train_size: float | None
    told_apart: bool

    @property
    def loss(self) -> str:
        """The label of their common loss."""
        return self.cheaper.loss

    @property
    def sentence(self) -> str:
        """What it says."""
        smallest, largest = self.sizes
        cheaper, costlier = self.cheaper.model, self.costlier.model
        doubt = "" if self.told_apart else f", but at {largest:,} the two cannot be told apart"
        if self.train_size is None:
            return (
                f"{costlier} overtakes {cheaper} not within the sizes run ({smallest:,} to {largest:,} reviews){doubt}."
            )
        if self.train_size == smallest:
            return f"{costlier} is never behind {cheaper} from {smallest:,} to {largest:,} training reviews{doubt}."
        return f"{costlier} overtakes {cheaper} at about {self.train_size:,.0f} training reviews{doubt}."


def learning_curves(accuracies: Sequence[Accuracy]) -> tuple[LearningCurve, ...]:
    """A curve for each model and loss that ran with more than one training size."""
    groups: dict[tuple[str, ...], list[Accuracy]] = {}
    for accuracy in accuracies:
        c = accuracy.configuration
        groups.setdefault((c.model, c.loss, c.device, c.precision), []).append(accuracy)
    curves = []
    for group in groups.values():
        group.sort(key=lambda accuracy: accuracy.configuration.train_size)
        if len(group) > 1:
            curves.append(
                LearningCurve(tuple(group), tuple(throughput(point.configuration.cells).fit_seconds for point in group))
            )
    return tuple(curves)


def crossings(curves: Sequence[LearningCurve], comparisons: Sequence[Comparison]) -> tuple[Crossing, ...]:
    """One for each two models of the same loss that ran with at least two common training sizes."""
    told_apart = [{c.first.key, c.second.key} for c in comparisons if c.significant]
    found = []
    for pair in itertools.combinations(curves, 2):
        sizes = sorted(set(pair[0].sizes) & set(pair[1].sizes))
        if pair[0].loss == pair[1].loss and len(sizes) > 1:
            cheaper, costlier = sorted(pair, key=lambda curve: curve.fit_seconds[curve.sizes.index(sizes[-1])])
            ends = {curve.at(sizes[-1]).configuration.key for curve in pair}
            crossed = _crossed(sizes, [costlier.at(size).value - cheaper.at(size).value for size in sizes])
            found.append(Crossing(cheaper, costlier, (sizes[0], sizes[-1]), crossed, ends in told_apart))
    return tuple(found)


def _crossed(sizes: Sequence[int], leads: Sequence[float]) -> float | None:
    """The size at which the lead becomes positive for good."""
    if leads[-1] <= 0:
        return None
    behind = [index for index, lead in enumerate(leads) if lead < 0]
    if not behind:
        return float(sizes[0])
    span = slice(behind[-1], behind[-1] + 2)
    return float(np.exp(np.interp(0.0, leads[span], np.log(sizes[span]))))
