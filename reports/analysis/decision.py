"""Decide which candidates are good enough, by multiple comparisons with the best.

The intervals are those of Hsu (1984, "Constrained simultaneous confidence intervals for multiple comparisons with the
best", Annals of Statistics 12) for unequal variances (Edwards & Hsu 1983, "Multiple comparisons with the best
treatment", JASA 78): each candidate in turn is the control of a one-sided family of comparisons with all others, whose
dependence `reports.analysis.family` draws. With 95 % no claim "good enough" is false, whichever candidate is the best,
and with 95 % no claim "not good enough" is.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy import stats

from reports.analysis.comparisons import Contrast, contrast, difference
from reports.analysis.estimates import ALPHA, POWER, Figure, FloatArray, Interval
from reports.analysis.evidence import Evidence
from reports.analysis.family import correlation, one_sided_level


class Standing(Enum):
    """Whether a candidate is close enough to the best."""

    GOOD_ENOUGH = "good enough"
    NOT_GOOD_ENOUGH = "not good enough"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Needed:
    """Data with which the same differences would decide, 4 times in 5.

    Attributes:
        texts: test texts altogether; None where no number decides without more trainings.
        trainings: of each candidate altogether; None with one training, whose spread is not known, or where no number
            decides without more test texts.
    """

    texts: int | None
    trainings: int | None


@dataclass(frozen=True)
class Judged:
    """A candidate against the best of the others and itself.

    Attributes:
        rival: index of the most accurate other candidate; its own where there is no other.
        difference: its figure less the rival's.
        behind: 95 % interval of its figure less that of the truly best, at or below zero, together with those of all
            candidates; it does not depend on the tolerance.
        standing: at the tolerance.
        needed: of an undecided one; None where the difference equals the tolerance, or the candidate is decided.
    """

    rival: int
    difference: float
    behind: Interval
    standing: Standing
    needed: Needed | None = None


@dataclass(frozen=True)
class _Bounds:
    """Bounds of all differences.

    Attributes:
        contrasts: [i][j] the difference of i less j; None on the diagonal.
        upper, lower: (K, K) one-sided bounds of the difference of i less j, with i as the control.
        levels: (K,) of the one-sided bounds.
    """

    contrasts: Sequence[Sequence[Contrast | None]]
    upper: FloatArray
    lower: FloatArray
    levels: FloatArray


def judge(
    evidence: Sequence[Evidence], tolerance: float, figure: Callable[[Evidence], Figure] | None = None
) -> tuple[Judged, ...]:
    """Judge every candidate.

    Args:
        evidence: of the K candidates, on the same test rows.
        tolerance: how far behind the best is good enough, in the figure's unit.
        figure: compared, higher is better; None is the accuracy, with the exact tests that it allows.
    """
    if len(evidence) == 1:
        return (Judged(0, 0.0, Interval(0.0, 0.0), Standing.GOOD_ENOUGH),)
    bounds = _bounds(evidence, figure)
    possible = [i for i in range(len(evidence)) if bounds.upper[i].min() >= 0]
    return tuple(_judged(i, bounds, possible, tolerance) for i in range(len(evidence)))


def decided(behind: Interval, tolerance: float) -> Standing:
    """The standing of a candidate with this interval, at any tolerance."""
    if behind.low >= -tolerance:
        return Standing.GOOD_ENOUGH
    return Standing.NOT_GOOD_ENOUGH if behind.high < -tolerance else Standing.UNDECIDED


def _judged(i: int, bounds: _Bounds, possible: Sequence[int], tolerance: float) -> Judged:
    rivals = [j for j in possible if j != i]
    others = [j for j in range(len(bounds.upper)) if j != i]
    low = min((-float(bounds.upper[j, i]) for j in rivals), default=0.0)
    high = 0.0 if i in possible else max(-float(bounds.lower[j, i]) for j in rivals)
    behind = Interval(min(low, 0.0) + 0.0, min(high, 0.0) + 0.0)
    rival = min(others, key=lambda j: _value(bounds, i, j))
    standing = decided(behind, tolerance)
    needed = _needed(i, rivals, bounds, tolerance) if standing is Standing.UNDECIDED else None
    return Judged(rival, _value(bounds, i, rival), behind, standing, needed)


def _value(bounds: _Bounds, i: int, j: int) -> float:
    found = bounds.contrasts[i][j]
    return found.estimate.value if found else 0.0


def _bounds(evidence: Sequence[Evidence], figure: Callable[[Evidence], Figure] | None) -> _Bounds:
    count = len(evidence)
    contrasts: list[list[Contrast | None]] = [[None] * count for _ in range(count)]
    for i, j in itertools.combinations(range(count), 2):
        found = _contrast(evidence[i], evidence[j], figure)
        contrasts[i][j], contrasts[j][i] = found, found.turned
    upper, lower, levels = np.full((count, count), np.inf), np.full((count, count), -np.inf), np.empty(count)
    for i, row in enumerate(contrasts):
        others = [one for one in row if one is not None]
        levels[i] = _level(others)
        for j, one in enumerate(row):
            if one is not None:
                lower[i, j], upper[i, j] = one.interval_at(2 * levels[i])
    return _Bounds(contrasts, upper, lower, levels)


def _contrast(first: Evidence, second: Evidence, figure: Callable[[Evidence], Figure] | None) -> Contrast:
    if figure is None:
        return contrast(first, second)
    found = difference(first, second, figure)
    return Contrast(first, second, found, None, first.estimand.weaker(second.estimand))


def _level(others: Sequence[Contrast]) -> float:
    """The one-sided level of each comparison with a control, at which all cover together with 95 %."""
    if len(others) == 1:
        return ALPHA
    errors = np.array([one.estimate.standard_error for one in others])
    correlated = correlation([one.estimate.influence for one in others], errors)
    return one_sided_level(correlated)


def _needed(i: int, rivals: Sequence[int], bounds: _Bounds, tolerance: float) -> Needed | None:
    """Data that decide: against every possible best if it looks good enough, else against the first of them."""
    ahead = {j: _value(bounds, i, j) + tolerance for j in rivals}
    if min(ahead.values()) < 0:
        first = min(ahead, key=lambda j: ahead[j])
        ahead = {first: ahead[first]}
    found = [_to_decide(bounds.contrasts[i][j], margin, float(bounds.levels[j])) for j, margin in ahead.items()]
    known = [one for one in found if one is not None]
    return Needed(_most([one.texts for one in known]), _most([one.trainings for one in known])) if known else None


def _to_decide(found: Contrast | None, margin: float, level: float) -> Needed | None:
    """Data with which a bound of that one-sided level is `margin` away from the estimate, with 80 % power."""
    if found is None or margin == 0:
        return None
    wanted = (margin / (stats.norm.isf(level) + stats.norm.ppf(POWER))) ** 2
    rows, trainings = len(found.first.rows.labels), min(len(found.first.right), len(found.second.right))
    over_rows = float(found.estimate.influence @ found.estimate.influence)
    over_trainings = max(found.estimate.standard_error**2 - over_rows, 0.0)
    texts = rows * over_rows / (wanted - over_trainings) if wanted > over_trainings else None
    more = trainings * over_trainings / (wanted - over_rows) if wanted > over_rows and over_trainings > 0 else None
    return Needed(
        None if texts is None else max(int(np.ceil(texts)), rows + 1),
        None if more is None else max(int(np.ceil(more)), trainings + 1),
    )


def _most(counts: Sequence[int | None]) -> int | None:
    """The largest; None where one is not known."""
    known = [count for count in counts if count is not None]
    return max(known) if len(known) == len(counts) else None
