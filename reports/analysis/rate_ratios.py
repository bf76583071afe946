"""Ratios of times and rates between processes, with intervals where enough processes were timed, else ranges.

Processes are the unit: readings within one share its memory layout, its cache and its moment on the machine, and
repeating them narrows nothing else (Kalibera & Jones 2013, "Rigorous benchmarking in reasonable time", ISMM). Each
process enters by the logarithm of the median of its readings, so that reading noise is part of the spread between
processes. A bootstrap over processes, then readings, has this standard error in the limit and too short tails with few
processes, where Student's t covers. Processes of one cell do the same training; where cells differ by more than their
processes do, as in epochs, cells are the unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from reports.analysis.estimates import ALPHA, FloatArray, IntArray, Interval
from reports.analysis.family import sidak

PROCESSES_NEEDED = 5
"""Processes on each side from which a ratio has an interval."""


POOLED = 0.25
"""Level of the preliminary test: below it, cells differ and are the unit, else all processes are (Bancroft 1944)."""


@dataclass(frozen=True)
class Mean:
    """A mean of logarithms.

    Attributes:
        value: the mean.
        error: its standard error; NaN from one process.
        degrees: of freedom.
    """

    value: float
    error: float
    degrees: float


@dataclass(frozen=True)
class Timing:
    """The same quantity timed in several processes.

    Attributes:
        logs: (P,) logarithm of the median reading of each process.
        readings: in all of them.
        cells: (P,) number of the cell that each process timed; None if each timed another one.
    """

    logs: FloatArray
    readings: int
    cells: IntArray | None = None

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
    def mean(self) -> "Mean":
        """The mean of the logarithms, with its standard error."""
        every = _mean(self.logs)
        if self.cells is None or self.processes < 2:
            return every
        numbers, own = np.unique(self.cells, return_inverse=True)
        sizes = np.bincount(own)
        means = np.bincount(own, weights=self.logs) / sizes
        between, within = len(numbers) - 1, self.processes - len(numbers)
        if not between or not within:
            return every
        explained = float((sizes * (means - every.value) ** 2).sum() / between)
        left = float(((self.logs - means[own]) ** 2).sum() / within)
        differ = left == 0 < explained or (left > 0 and special.fdtrc(between, within, explained / left) < POOLED)
        return _mean(means) if differ else every

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
    def alone(self) -> bool:
        """Whether each side was timed in one process, so that no range is known."""
        return self.interval is None and self.range.low == self.range.high

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


def timing(processes: Sequence[Sequence[float] | FloatArray], cells: Sequence[int] | None = None) -> Timing:
    """Readings by process; processes without readings are left out.

    Args:
        processes: the readings of each.
        cells: number of the cell that each timed; None if each timed another one.
    """
    timed = [index for index, readings in enumerate(processes) if len(readings)]
    logs = np.array([np.log(np.median(processes[index])) for index in timed])
    numbers = None if cells is None else np.array([cells[index] for index in timed], dtype=np.int64)
    return Timing(logs, sum(len(processes[index]) for index in timed), numbers)


def ratio(numerator: Timing, denominator: Timing, alpha: float = ALPHA) -> Ratio:
    """One timing over another, with Welch's interval of level 1 - `alpha` of the logarithm of their ratio.

    Args:
        numerator: of at least one process.
        denominator: of at least one process.
        alpha: lowered by the caller where several ratios are read together.
    """
    above, below = numerator.mean, denominator.mean
    value = float(np.exp(above.value - below.value))
    top, bottom = numerator.range, denominator.range
    interval = None
    if numerator.repeated and denominator.repeated:
        error, degrees = _welch(above, below)
        reach = -float(special.stdtrit(degrees, alpha / 2)) * error
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
    means = [one.mean for one in timings if one.repeated]
    values, errors, degrees = (
        np.array([getattr(mean, name) for mean in means]) for name in ("value", "error", "degrees")
    )
    difference = values[:, None] - values
    variances = errors**2
    variance = variances[:, None] + variances
    squares = variances**2 / degrees
    with np.errstate(divide="ignore", invalid="ignore"):  # no variance: whatever differs is told apart
        freedom = np.where(variance > 0, variance**2 / (squares[:, None] + squares), 1.0)
        distance = np.where(difference == 0, 0.0, np.abs(difference) / np.sqrt(variance))
    shown = 2 * special.stdtr(freedom, -distance) < level
    higher, lower = (shown & (difference < 0)).sum(axis=1), (shown & (difference > 0)).sum(axis=1)
    found = (RankRange(1 + int(above), count - int(below)) for above, below in zip(higher, lower, strict=True))
    return [next(found) if own.repeated else None for own in timings]


def _mean(logs: FloatArray) -> Mean:
    count = len(logs)
    error = float(logs.std(ddof=1) / np.sqrt(count)) if count > 1 else np.nan
    return Mean(float(logs.mean()) if count else np.nan, error, count - 1)


def _welch(first: Mean, second: Mean) -> tuple[float, float]:
    """Standard error of the difference of two means, and its degrees of freedom."""
    variance = first.error**2 + second.error**2
    squares = first.error**4 / first.degrees + second.error**4 / second.degrees
    return float(np.sqrt(variance)), float(variance**2 / squares) if squares > 0 else np.inf
