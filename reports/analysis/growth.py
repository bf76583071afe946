"""Growth exponents with their interval, and the training size at which one learning curve crosses another."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy import stats

from reports.analysis.estimates import ALPHA, Interval

LEAST_SIZES = 3
"""Sizes from which an exponent is fitted."""


@dataclass(frozen=True)
class Exponent:
    """b of `quantity = a size^b`.

    Attributes:
        value: by least squares over the logarithms.
        interval: 95 %, Student's t with two degrees of freedom fewer than there are readings.
    """

    value: float
    interval: Interval


def exponent(sizes: Sequence[float], values: Sequence[float]) -> Exponent:
    """Fit `values = a sizes^b`.

    Raises:
        ValueError: fewer than three readings, or one size only.
    """
    if len(sizes) < LEAST_SIZES or len(set(sizes)) < 2:
        raise ValueError(f"an exponent needs {LEAST_SIZES} readings of at least two sizes, got {len(sizes)}")
    fitted = stats.linregress(np.log(sizes), np.log(values))
    reach = float(stats.t.isf(ALPHA / 2, len(sizes) - 2) * fitted.stderr)
    return Exponent(float(fitted.slope), Interval(float(fitted.slope) - reach, float(fitted.slope) + reach))


class Order(Enum):
    """The order of two learning curves over the sizes that both ran with."""

    CROSSES = "crosses"
    AHEAD = "ahead"
    BEHIND = "behind"
    UNSETTLED = "unsettled"


@dataclass(frozen=True)
class Lead:
    """One learning curve against another.

    Attributes:
        order: CROSSES where the curve is shown behind at one size and shown ahead at a larger one.
        between: the sizes between which it crosses, 95 % simultaneous; None unless it crosses.
    """

    order: Order
    between: tuple[float, float] | None = None


def lead(sizes: Sequence[float], low: Sequence[float], high: Sequence[float]) -> Lead:
    """Whether and where a curve overtakes another, from simultaneous intervals of its lead at each size.

    The lead is taken to be linear in the logarithm of the size between the sizes that ran. The crossing then lies where
    the interpolated band holds zero, from the last size at which the curve is shown behind to the first larger one at
    which it is shown ahead.

    Args:
        sizes: training rows, ascending.
        low: lower ends of the intervals of the lead.
        high: upper ends.
    """
    behind = [index for index, end in enumerate(high) if end < 0]
    ahead = [index for index, end in enumerate(low) if end > 0]
    if len(ahead) == len(sizes):
        return Lead(Order.AHEAD)
    if len(behind) == len(sizes):
        return Lead(Order.BEHIND)
    last = behind[-1] if behind else None
    first = None if last is None else next((index for index in ahead if index > last), None)
    if last is None or first is None:
        return Lead(Order.UNSETTLED)
    logs = np.log(sizes)
    return Lead(Order.CROSSES, (_zero(logs, high, last), _zero(logs, low, first - 1)))


def _zero(logs: "np.ndarray[tuple[int], np.dtype[np.float64]]", ends: Sequence[float], start: int) -> float:
    """The size at which a line through two neighbouring ends is zero."""
    here, there = ends[start], ends[start + 1]
    share = here / (here - there)
    return float(np.exp(logs[start] + share * (logs[start + 1] - logs[start])))
