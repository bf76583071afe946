"""Percentiles of latency readings, with the bound that their number supports."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats

from benchmarks.schema.measurements import Measurement
from reports.analysis.estimates import ALPHA, FloatArray


@dataclass(frozen=True)
class Percentile:
    """A percentile of readings.

    Attributes:
        share: 0.99 for the 99th.
        sample: the percentile of the readings, however few; NaN without any.
        value: the same, if there are enough readings for a bound; else NaN.
        bound: the reading that the true percentile exceeds with a probability of 5 % at most; NaN with too few.
        readings: of different texts; the same text read again adds none.
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


def percentile(readings: FloatArray, share: float, texts: int | None = None) -> Percentile:
    """A percentile with its upper bound by order statistics, which assumes no distribution.

    Args:
        readings: (N,) seconds.
        share: 0.99 for the 99th percentile.
        texts: number of different texts that were read, equally often; the texts are the sample, so the bound is the
            order statistic of as many readings, at the same share of all N. None: each reading is of another text.
    """
    sample = float(np.quantile(readings, share)) if len(readings) else np.nan
    independent = len(readings) if texts is None else min(texts, len(readings))
    index = bound_index(independent, share)
    if index is None:
        return Percentile(share, sample, np.nan, np.nan, independent)
    place = -(-(index + 1) * len(readings) // independent) - 1
    return Percentile(share, sample, sample, float(np.partition(readings, place)[place]), independent)


def texts_read(measured: Sequence[Measurement]) -> int:
    """Different texts behind the readings of several cells: every process and every cell reads the same ones."""
    return max((max(Counter(one.processes).values(), default=0) for one in measured), default=0)


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
