"""Formats of numbers and texts, the same in every kind of report."""

import re
from typing import NamedTuple

import numpy as np

from benchmarks.redaction import inert, plain

__all__ = [
    "NOT_MEASURED",
    "Interval",
    "between",
    "between_points",
    "count",
    "decimal",
    "inert",
    "name_parts",
    "p_value",
    "percent",
    "percent_interval",
    "plain",
    "points",
    "points_interval",
    "ratio_interval",
    "signed",
    "significant",
]

NOT_MEASURED = "–"

NAME_BREAK = re.compile(r"(?<=\s)(?=\S)|(?<=,)(?=[^\s\d])|(?=[\[(])|(?=->)")


class Interval(NamedTuple):
    """A 95 % confidence interval."""

    low: float
    high: float


def name_parts(name: str) -> list[str]:
    """The parts of a model's name between which a line may break.

    It may after a blank or a comma, but not within a number, before a bracket and before an arrow.
    """
    return NAME_BREAK.split(name)


def percent(share: float) -> str:
    """A share of one: "84.2 %"."""
    return NOT_MEASURED if np.isnan(share) else f"{100 * share:.1f} %"


def percent_interval(share: float, interval: Interval) -> str:
    """A share with its interval, if there is one, in percent: "84.2 (82.0–86.1)"."""
    if np.isnan(share):
        return NOT_MEASURED
    between = "" if np.isnan(interval.low) else f" ({100 * interval.low:.1f}–{100 * interval.high:.1f})"
    return f"{100 * share:.1f}{between}"


def points(difference: float, *, signed: bool = True) -> str:
    """A difference of two shares in percentage points: "+1.25"."""
    if np.isnan(difference):
        return NOT_MEASURED
    rounded = round(100 * difference, 2) + 0.0  # a negative nought becomes a plain one
    return _minus(f"{rounded:{'+' if signed else ''}.2f}")


def between(interval: Interval) -> str:
    """An interval of differences in percentage points: "−0.50 to +2.00"."""
    return f"{points(interval.low)} to {points(interval.high)}"


def between_points(interval: Interval) -> str:
    """An interval of differences in a sentence: "between −0.50 and +2.00 points"."""
    return f"between {points(interval.low)} and {points(interval.high)} points"


def points_interval(difference: float, interval: Interval) -> str:
    """A difference with its interval, in percentage points: "+1.25 (−0.50 to +3.00)"."""
    return NOT_MEASURED if np.isnan(difference) else f"{points(difference)} ({between(interval)})"


def p_value(p: float) -> str:
    """A p-value: "0.012", "< 0.001"."""
    if np.isnan(p):
        return NOT_MEASURED
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def signed(value: float) -> str:
    """A figure that adds or takes, with two decimals: "+1.25"."""
    return _minus(f"{round(value, 2) + 0.0:+.2f}")


def decimal(value: float, digits: int = 3) -> str:
    """A figure with so many decimals."""
    return NOT_MEASURED if np.isnan(value) else f"{value:.{digits}f}"


def significant(value: float) -> str:
    """A measured quantity with three significant digits and no exponent: "0.00123", "12.3", "12,300"."""
    if np.isnan(value):
        return NOT_MEASURED
    rounded = float(f"{value:.3g}")
    digits = 2 - int(np.floor(np.log10(abs(rounded)))) if rounded else 0
    return f"{rounded:,.{max(digits, 0)}f}"


def ratio_interval(ratio: float, interval: Interval, alone: str) -> str:
    """A ratio with its interval, "1.24 (1.10–1.40)", or with `alone` where one pair gave none: "1.24 (one turn)"."""
    within = alone if np.isnan(interval.low) else f"{significant(interval.low)}–{significant(interval.high)}"
    return f"{significant(ratio)} ({within})"


def count(value: float) -> str:
    """A whole number: "12,345"."""
    return NOT_MEASURED if np.isnan(value) else f"{value:,.0f}"


def _minus(text: str) -> str:
    return text.replace("-", "\u2212")
