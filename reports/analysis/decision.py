"""Decide which candidates are good enough, by multiple comparisons with the best.

The intervals are those of Hsu (1984, "Constrained simultaneous confidence intervals for multiple comparisons with the
best", Annals of Statistics 12) for unequal variances (Edwards & Hsu 1983, "Multiple comparisons with the best
treatment", JASA 78): each candidate in turn is the control of a one-sided family of comparisons with all others, whose
dependence `reports.analysis.family` draws. With 95 % no claim "good enough" is false, whichever candidate is the best,
and with 95 % no claim "not good enough" is.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from scipy import stats

from reports.analysis.comparisons import Contrast, contrast, difference
from reports.analysis.estimates import POWER, Figure, FloatArray, Interval
from reports.analysis.evidence import Evidence
from reports.analysis.family import control_levels

MOST_TRAININGS = 1_000
"""Of each candidate, that anyone could be asked for."""

NO_INFLUENCE = np.empty(0)
"""In place of the influences of a pair's rows: those of all pairs would not fit into memory."""


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
        values: (K, K) the difference of i less j.
        errors, degrees: (K, K) its standard error, and the degrees of freedom of that.
        over_rows: (K, K) its variance over test rows alone.
        upper, lower: (K, K) its one-sided bounds, with i as the control.
        levels: (K,) of the one-sided bounds.
        rows: test rows.
        trainings: (K,) of each candidate.
    """

    values: FloatArray
    errors: FloatArray
    degrees: FloatArray
    over_rows: FloatArray
    upper: FloatArray
    lower: FloatArray
    levels: FloatArray
    rows: int
    trainings: Sequence[int]


def judge(
    evidence: Sequence[Evidence],
    tolerance: float,
    figure: Callable[[Evidence], Figure] | None = None,
    largest: float = np.inf,
) -> tuple[Judged, ...]:
    """Judge every candidate.

    Args:
        evidence: of the K candidates, on the same test rows.
        tolerance: how far behind the best is good enough, in the figure's unit.
        figure: compared, higher is better; None is the accuracy, with the exact tests that it allows.
        largest: the largest that two values of the figure can differ by.
    """
    if len(evidence) == 1:
        return (Judged(0, 0.0, Interval(0.0, 0.0), Standing.GOOD_ENOUGH),)
    bounds = _bounds(evidence, figure, largest)
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
    rival = min(others, key=lambda j: float(bounds.values[i, j]))
    standing = decided(behind, tolerance)
    needed = _needed(i, rivals, bounds, tolerance) if standing is Standing.UNDECIDED else None
    return Judged(rival, float(bounds.values[i, rival]), behind, standing, needed)


def _bounds(evidence: Sequence[Evidence], figure: Callable[[Evidence], Figure] | None, largest: float) -> _Bounds:
    count, pairs = len(evidence), list(itertools.combinations(range(len(evidence)), 2))
    values, errors, degrees, over_rows = (np.zeros((count, count)) for _ in range(4))
    contrasts = []
    for i, j in pairs:
        found = _contrast(evidence[i], evidence[j], figure, largest)
        own = found.estimate
        values[i, j], values[j, i] = own.value, -own.value
        errors[i, j] = errors[j, i] = own.standard_error
        degrees[i, j] = degrees[j, i] = own.degrees
        over_rows[i, j] = over_rows[j, i] = float(own.influence @ own.influence)
        contrasts.append(replace(found, estimate=replace(own, influence=NO_INFLUENCE)))
    figures = [(one.accuracy if figure is None else figure(one)).mean.units[0] for one in evidence]
    levels = control_levels(np.stack(figures), over_rows, errors)
    upper, lower = np.full((count, count), np.inf), np.full((count, count), -np.inf)
    for (i, j), found in zip(pairs, contrasts, strict=True):
        lower[i, j], upper[i, j] = found.interval_at(2 * levels[i])
        low, high = found.interval_at(2 * levels[j])
        lower[j, i], upper[j, i] = -high, -low
    trainings = [len(one.right) for one in evidence]
    return _Bounds(values, errors, degrees, over_rows, upper, lower, levels, len(evidence[0].rows.labels), trainings)


def _contrast(
    first: Evidence, second: Evidence, figure: Callable[[Evidence], Figure] | None, largest: float
) -> Contrast:
    if figure is None:
        return contrast(first, second)
    found = difference(first, second, figure)
    return Contrast(first, second, found, None, first.estimand.weaker(second.estimand), largest)


def _needed(i: int, rivals: Sequence[int], bounds: _Bounds, tolerance: float) -> Needed | None:
    """Data that decide: against every possible best if it looks good enough, else against the first of them."""
    ahead = {j: float(bounds.values[i, j]) + tolerance for j in rivals}
    if min(ahead.values()) < 0:
        first = min(ahead, key=lambda j: ahead[j])
        ahead = {first: ahead[first]}
    found = [_to_decide(bounds, i, j, margin) for j, margin in ahead.items()]
    known = [one for one in found if one is not None]
    return Needed(_most([one.texts for one in known]), _most([one.trainings for one in known])) if known else None


def _to_decide(bounds: _Bounds, i: int, j: int, margin: float) -> Needed | None:
    """Data with which the bound of i less j, with j as the control, is `margin` from the estimate, with 80 % power."""
    if margin == 0:
        return None
    value, error, rows = float(bounds.values[i, j]), float(bounds.errors[i, j]), bounds.rows
    reach = float(bounds.upper[j, i] + value if margin > 0 else -bounds.lower[j, i] - value)
    if error == 0:  # they never disagree: the bound falls with the rows, to which Bonett & Price add two
        return Needed(_more((rows + 2) * reach / abs(margin) - 2, rows), None)
    over_rows, degrees = float(bounds.over_rows[i, j]), float(bounds.degrees[i, j])
    over_trainings = max(error**2 - over_rows, 0.0)
    wanted = (margin / (reach / error + float(stats.t.ppf(POWER, degrees)))) ** 2
    return Needed(
        _more(rows * over_rows / (wanted - over_trainings), rows) if wanted > over_trainings else None,
        _trainings(bounds, i, j, abs(margin)) if over_trainings > 0 else None,
    )


def _trainings(bounds: _Bounds, i: int, j: int, margin: float) -> int | None:
    """Trainings of each with which the bound decides; None where even `MOST_TRAININGS` do not.

    Degrees of freedom grow with the trainings, so the quantile falls as well as the variance.
    """
    now, over_rows = min(bounds.trainings[i], bounds.trainings[j]), float(bounds.over_rows[i, j])
    over_trainings = float(bounds.errors[i, j]) ** 2 - over_rows
    counts = np.arange(now + 1, MOST_TRAININGS + 1)
    degrees = float(bounds.degrees[i, j]) * counts / now
    quantiles = stats.t.isf(float(bounds.levels[j]), degrees) + stats.t.ppf(POWER, degrees)
    enough = np.flatnonzero(quantiles * np.sqrt(over_rows + over_trainings * now / counts) <= margin)
    return int(counts[enough[0]]) if len(enough) else None


def _more(count: float, now: int) -> int:
    return max(int(np.ceil(count)), now + 1)


def _most(counts: Sequence[int | None]) -> int | None:
    """The largest; None where one is not known."""
    known = [count for count in counts if count is not None]
    return max(known) if len(known) == len(counts) else None
