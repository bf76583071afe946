"""Ratios of times and rates between processes, with intervals where enough processes were timed, else ranges.

Processes are the unit: readings within one share its memory layout, its cache and its moment on the machine, and
repeating them narrows nothing else (Kalibera & Jones 2013, "Rigorous benchmarking in reasonable time", ISMM). Each
process enters by the logarithm of the median of its readings, so that reading noise is part of the spread between
processes. A bootstrap over processes, then readings, has this standard error in the limit and too short tails with few
processes, where Student's t covers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from reports.analysis.estimates import ALPHA, FloatArray, Interval
from reports.analysis.family import sidak

PROCESSES_NEEDED = 5
"""Processes on each side from which a ratio has an interval."""


@dataclass(frozen=True)
class Timing:
    """The same quantity timed in several processes.

    Attributes:
        logs: (P,) logarithm of the median reading of each process.
        readings: in all of them.
    """

    logs: FloatArray
    readings: int

    @property
    def processes(self) -> int:
        """P."""
        return len(self.logs)

    @property
    def median(self) -> float:
        """Over processes; NaN without any."""
        return float(np.exp(np.median(self.logs))) if self.processes else np.nan

    @property
    def range(self) -> Interval:
        """The smallest and the largest process's median; NaN without any."""
        if not self.processes:
            return Interval(np.nan, np.nan)
        return Interval(float(np.exp(self.logs.min())), float(np.exp(self.logs.max())))

    @property
    def repeated(self) -> bool:
        """Whether enough processes were timed for an interval."""
        return self.processes >= PROCESSES_NEEDED


@dataclass(frozen=True)
class Ratio:
    """One timing over another.

    Attributes:
        value: ratio of the geometric means over processes.
        interval: None where too few processes were timed: the ratio is then not decided.
        range: smallest over largest process, and the other way round.
        processes: of the side that has fewer.
        readings: of the numerator, and of the denominator.
    """

    value: float
    interval: Interval | None
    range: Interval
    processes: int
    readings: tuple[int, int]

    @property
    def above(self) -> bool:
        """Shown to be above 1."""
        return self.interval is not None and self.interval.low > 1

    @property
    def below(self) -> bool:
        """Shown to be below 1."""
        return self.interval is not None and self.interval.high < 1


@dataclass(frozen=True)
class RankRange:
    """The places that a configuration may have among K, highest value first.

    Attributes:
        first: 1 + the number of others shown to be higher.
        last: K - the number of others shown to be lower.
    """

    first: int
    last: int


def timing(processes: Sequence[Sequence[float] | FloatArray]) -> Timing:
    """Readings by process; processes without readings are left out."""
    timed = [np.asarray(readings, dtype=np.float64) for readings in processes if len(readings)]
    return Timing(np.array([np.log(np.median(own)) for own in timed]), sum(map(len, timed)))


def ratio(numerator: Timing, denominator: Timing, alpha: float = ALPHA) -> Ratio:
    """One timing over another, with Welch's interval of level 1 - `alpha` of the logarithm of their ratio.

    Args:
        numerator: of at least one process.
        denominator: of at least one process.
        alpha: lowered by the caller where several ratios are read together.
    """
    value = float(np.exp(numerator.logs.mean() - denominator.logs.mean()))
    top, bottom = numerator.range, denominator.range
    interval = None
    if numerator.repeated and denominator.repeated:
        error, degrees = _welch(numerator, denominator)
        reach = float(stats.t.isf(alpha / 2, degrees)) * error
        interval = Interval(value * float(np.exp(-reach)), value * float(np.exp(reach)))
    return Ratio(
        value=value,
        interval=interval,
        range=Interval(top.low / bottom.high, top.high / bottom.low),
        processes=min(numerator.processes, denominator.processes),
        readings=(numerator.readings, denominator.readings),
    )


def ratios(pairs: Sequence[tuple[Timing, Timing]], alpha: float = ALPHA) -> list[Ratio]:
    """Ratios that are read together: their intervals cover all at once with 95 % (Sidak 1967).

    Args:
        pairs: numerators and denominators.
        alpha: error rate of all of them together.
    """
    decided = sum(numerator.repeated and denominator.repeated for numerator, denominator in pairs)
    level = sidak(decided, alpha)
    return [ratio(numerator, denominator, level) for numerator, denominator in pairs]


def rank_ranges(timings: Sequence[Timing]) -> list[RankRange | None]:
    """The places that simultaneous intervals of all ratios leave to each; None where too few processes were timed.

    Two that are not both timed in enough processes do not compare, so either may be ahead (Mohamad, Goeman & van Zwet
    2019, "Simultaneous confidence intervals for ranks", arXiv:1910.03448).
    """
    count = len(timings)
    repeated = sum(one.repeated for one in timings)
    level = sidak(repeated * (repeated - 1) // 2)
    ranks: list[RankRange | None] = []
    for own in timings:
        if not own.repeated:
            ranks.append(None)
            continue
        compared = [ratio(own, other, level) for other in timings if other is not own and other.repeated]
        higher, lower = sum(one.below for one in compared), sum(one.above for one in compared)
        ranks.append(RankRange(1 + higher, count - lower))
    return ranks


def _welch(first: Timing, second: Timing) -> tuple[float, float]:
    """Standard error of the difference of the mean logarithms, and its degrees of freedom."""
    parts = [(one.logs.var(ddof=1) / one.processes, one.processes - 1) for one in (first, second)]
    variance = sum(part for part, _ in parts)
    squares = sum(part**2 / freedom for part, freedom in parts)
    return float(np.sqrt(variance)), float(variance**2 / squares) if squares > 0 else np.inf
