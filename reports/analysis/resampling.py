"""The bootstrap over seeds and test rows together, and what it says of a figure: standard error, interval, p-value."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats

from reports.analysis.results import FloatArray, IntArray
from reports.formats import Interval

ALPHA = 0.05
POWER = 0.8
RESAMPLES = 2000
RNG_SEED = 20_260
"""Fixed, so that the same data give the same report to the last byte."""

CHUNK = 2**23
"""Row weights drawn at a time, so that memory stays small whatever the number of rows."""


@dataclass(frozen=True)
class Statistic:
    """A figure for each of S seeds, as observed and in each of B resamples of the test rows.

    Attributes:
        observed: (S,).
        resampled: (B, S); the same resamples for every figure of a report, so that differences are paired by row.
    """

    observed: FloatArray
    resampled: FloatArray

    @property
    def seeds(self) -> int:
        """S."""
        return len(self.observed)

    def __sub__(self, other: "Statistic") -> "Statistic":
        """The difference seed by seed; either side may have one seed, which stands for all."""
        return Statistic(self.observed - other.observed, self.resampled - other.resampled)


@dataclass(frozen=True)
class Estimate:
    """A figure and how well the run knows it.

    Attributes:
        value: the mean over seeds.
        standard_error: over resamples of seeds and rows.
        degrees: degrees of freedom of Student's t; infinite where no seeds were resampled.
    """

    value: float
    standard_error: float
    degrees: float

    @property
    def interval(self) -> Interval:
        """95 %."""
        reach = float(stats.t.ppf(1 - ALPHA / 2, self.degrees)) * self.standard_error
        return Interval(self.value - reach, self.value + reach)

    @property
    def p_value(self) -> float:
        """Two-sided, of the value being zero; 1 where it is zero in every resample."""
        if self.standard_error == 0:
            return 1.0 if self.value == 0 else 0.0
        return float(2 * stats.t.sf(abs(self.value) / self.standard_error, self.degrees))

    def detectable(self, alpha: float) -> float:
        """The smallest true value that a test at level `alpha` sees with 80 % power, given this standard error.

        (t_{1 - alpha/2} + t_{0.8}) standard errors: Bloom (1995), "Minimum detectable effects", Evaluation Review 19.
        """
        quantiles = stats.t.ppf([1 - alpha / 2, POWER], self.degrees)
        return float(quantiles.sum() * self.standard_error)


def resample_rows(columns: FloatArray) -> FloatArray:
    """Sums of `columns` (N, K) over each of B resamples of the N rows, drawn with replacement: (B, K).

    Entries must be small whole numbers: their sums are then exact in float32, whatever the order of the additions.
    """
    size = len(columns)
    generator = np.random.default_rng(RNG_SEED)
    single = columns.astype(np.float32)
    chunk = max(1, min(RESAMPLES, CHUNK // size))
    weights = np.empty((chunk, size), dtype=np.float32)
    sums = np.empty((RESAMPLES, columns.shape[1]))
    for start in range(0, RESAMPLES, chunk):
        part = weights[: min(chunk, RESAMPLES - start)]
        for row in part:
            row[:] = np.bincount(generator.integers(0, size, size, dtype=np.int32), minlength=size)
        sums[start : start + len(part)] = part @ single
    return sums


def estimate(statistic: Statistic, minus: Statistic | None = None) -> Estimate:
    """The mean over seeds of `statistic`, less that of `minus`, whose seeds are others; rows are paired.

    S - 1 of S seeds are drawn, with replacement, which makes the bootstrap variance over seeds unbiased (Rao & Wu
    1988); drawing S would understate it by a third with three seeds. Resampling rows and seeds together errs on the
    side of caution (Owen 2007, "The pigeonhole bootstrap"). With few seeds a normal quantile would be too small:
    Satterthwaite's (1946) degrees of freedom, from how much of the variance the seeds bring, give Student's t.
    """
    terms = (statistic,) if minus is None else (statistic, minus)
    signs = (1.0, -1.0)
    pairs = list(zip(signs, terms, strict=False))
    resampled = sum(sign * _over_seeds(term, stream) for stream, (sign, term) in enumerate(pairs))
    variance = float(np.var(resampled, ddof=1))
    by_seed = sum((term.observed.var(ddof=1) / term.seeds) ** 2 / (term.seeds - 1) for term in terms if term.seeds > 1)
    return Estimate(
        value=float(sum(sign * term.observed.mean() for sign, term in pairs)),
        standard_error=float(np.sqrt(variance)),
        degrees=float(variance**2 / by_seed) if by_seed > 0 else np.inf,
    )


def _over_seeds(statistic: Statistic, stream: int) -> FloatArray:
    """(B,) means over resampled seeds."""
    if statistic.seeds == 1:
        return statistic.resampled[:, 0]
    weights = _seed_weights(statistic.seeds, stream)
    means: FloatArray = (weights * statistic.resampled).sum(axis=1) / weights.sum(axis=1)
    return means


@cache
def _seed_weights(seeds: int, stream: int) -> IntArray:
    """(B, S) how often each seed is drawn; `stream` tells apart the draws of figures whose seeds are others."""
    generator = np.random.default_rng((RNG_SEED, seeds, stream))
    return generator.multinomial(seeds - 1, np.full(seeds, 1 / seeds), size=RESAMPLES)
