"""Two configurations on the same test rows: the test, the interval and what they speak of."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reports.analysis.estimands import Estimand
from reports.analysis.estimates import Estimate, Figure, Interval, estimate
from reports.analysis.evidence import Evidence
from reports.analysis.paired import difference_interval, mid_p
from reports.analysis.results import Configuration
from reports.analysis.verdicts import Finding, Verdict

PAIRED_TRAININGS = 3
"""Trainings from which they are paired; with two they count as independent, since one degree of freedom is too few."""


@dataclass(frozen=True)
class Contrast:
    """The difference of two configurations before it is read together with others.

    Attributes:
        first, second: the configurations; the difference is first less second.
        estimate: the difference, its standard error and the influence of each test row or cluster.
        discordant: rows that only the first, and only the second, gets right; None unless both are one training.
        estimand: what both sides' trainings allow a claim about.
        largest: the largest difference that there can be, 1 for shares.
    """

    first: Evidence
    second: Evidence
    estimate: Estimate
    discordant: tuple[int, int] | None
    estimand: Estimand
    largest: float

    @property
    def p_value(self) -> float:
        """Two-sided, by itself: mid-p McNemar for two trainings, else Student's t; the larger where rows are clustered.

        Clusters whose rows happen to be alike never make a difference more certain than independent rows would.
        """
        if self.discordant is None:
            return self.estimate.p_value
        independent = float(mid_p(*self.discordant))
        return independent if self.first.rows.clusters is None else max(independent, self.estimate.p_value)

    @property
    def p_greater(self) -> float:
        """One-sided, of the difference being zero or less."""
        half = self.p_value / 2
        return half if self.estimate.value > 0 else 1 - half

    def interval_at(self, alpha: float) -> Interval:
        """Two-sided interval of level 1 - `alpha`, of the kind that goes with the test."""
        if self.discordant is None:
            return self._within(self.estimate.interval_at(alpha))
        rows, clusters = len(self.first.rows.labels), self.first.rows.clusters
        degrees = np.inf if clusters is None else clusters.degrees
        effect = self.estimate.design_effect
        low, high = difference_interval(*self.discordant, rows, alpha, design_effect=effect, degrees=degrees)
        return self._within(Interval(float(low), float(high)))

    def _within(self, interval: Interval) -> Interval:
        return Interval(max(interval.low, -self.largest), min(interval.high, self.largest))

    @property
    def identical(self) -> bool:
        """Whether both predict the same class for every test row, in every training."""
        return self.first.digests == self.second.digests


@dataclass(frozen=True)
class Comparison:
    """Two configurations compared, together with all others of a family.

    Attributes:
        first, second: the configurations.
        finding: difference, simultaneous interval and verdict on the first.
        estimand: what the verdict speaks of.
        exploratory: whether it is outside the family of primary comparisons, so that its interval covers by itself.
    """

    first: Configuration
    second: Configuration
    finding: Finding
    estimand: Estimand
    exploratory: bool = False

    @property
    def verdict(self) -> Verdict:
        """The verdict on the first configuration."""
        return self.finding.verdict


def contrast(first: Evidence, second: Evidence) -> Contrast:
    """The difference in accuracy, first less second."""
    discordant = None
    if len(first.right) == len(second.right) == 1:
        ours, theirs = first.right[0].astype(np.bool_), second.right[0].astype(np.bool_)
        discordant = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    found = difference(first, second, lambda evidence: evidence.accuracy)
    return Contrast(first, second, found, discordant, first.estimand.weaker(second.estimand), largest=1.0)


def difference(first: Evidence, second: Evidence, figure: Callable[[Evidence], Figure]) -> Estimate:
    """A figure of `first` less that of `second`, paired by row, and by training where trainings belong together."""
    if paired_by_training(first, second):
        return estimate(figure(first) - figure(second))
    return estimate(figure(first), minus=figure(second))


def paired_by_training(first: Evidence, second: Evidence) -> bool:
    """Whether training s of one belongs to training s of the other.

    Two losses of one model start from the same weights and see the same batches with the same seed. Any two models of
    the same repeat train on the same rows.
    """
    if first.trainings != second.trainings or not len(first.right) == len(second.right) >= PAIRED_TRAININGS:
        return False
    same_model = first.configuration.contender == second.configuration.contender
    return same_model or (first.estimand.redraws and second.estimand.redraws)
