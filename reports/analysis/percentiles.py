"""Percentiles of latency readings, with the bound that their number supports."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats

from reports.analysis.estimates import ALPHA, FloatArray


@dataclass(frozen=True)
class Percentile:
    """A percentile of readings.

    Attributes:
        share: 0.99 for the 99th.
        sample: the percentile of the readings, however few; NaN without any.
        value: the same, if there are enough readings for a bound; else NaN.
        bound: the reading that the true percentile exceeds with a probability of 5 % at most; NaN with too few.
        readings: how many there are.
    """

    share: float
    sample: float
    value: float
    bound: float
    readings: int

    @property
    def needed(self) -> int:
        """Readings from which it is shown."""
        return readings_needed(self.share)


def percentile(readings: FloatArray, share: float) -> Percentile:
    """A percentile with its upper bound by order statistics, which assumes no distribution."""
    sample = float(np.quantile(readings, share)) if len(readings) else np.nan
    index = bound_index(len(readings), share)
    if index is None:
        return Percentile(share, sample, np.nan, np.nan, len(readings))
    return Percentile(share, sample, sample, float(np.partition(readings, index)[index]), len(readings))


@cache
def bound_index(readings: int, share: float) -> int | None:
    """Index, from 0, of the smallest order statistic above the percentile with 95 % confidence; None if none is.

    P(X_(k) >= percentile) = P(Binomial(n, share) <= k - 1) (David & Nagaraja 2003, "Order Statistics", section 7.1).
    """
    if readings < readings_needed(share):
        return None
    return int(stats.binom.ppf(1 - ALPHA, readings, share))


def readings_needed(share: float) -> int:
    """Readings whose largest exceeds the percentile with 95 % confidence: 299 for the 99th, 59 for the 95th."""
    return int(np.ceil(np.log(ALPHA) / np.log(share)))
