"""Better, worse, equal within a margin, unsettled, the same predictions, or void: the verdict on one difference."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from reports.analysis.estimates import ALPHA, Interval

NOT_LEARNT = "not shown to beat the majority class"
"""Of a model, or of the better of two, whose comparison is then void; every report uses these words."""


class Verdict(Enum):
    """Verdict on a difference in accuracy; "equal" only within a margin that the user set."""

    BETTER = "better"
    WORSE = "worse"
    EQUAL = "equal"
    UNSETTLED = "unsettled"
    SAME = "same predictions on every test text"
    VOID = "void"

    @property
    def reversed(self) -> "Verdict":
        """The verdict on the same two the other way round."""
        return {Verdict.BETTER: Verdict.WORSE, Verdict.WORSE: Verdict.BETTER}.get(self, self)


@dataclass(frozen=True)
class Finding:
    """A difference with its simultaneous interval and its verdict; the two never contradict each other.

    Attributes:
        value: the difference.
        interval: 95 % together with all others of the family.
        p_adjusted: of no difference, within the family.
        verdict: for the first of the two.
        margin: below which a difference does not matter to the user, as a share; None if they set none.
    """

    value: float
    interval: Interval
    p_adjusted: float
    verdict: Verdict
    margin: float | None = None


def decide(
    value: float,
    interval: Interval,
    p_adjusted: float,
    *,
    margin: float | None = None,
    void: bool = False,
    same: bool = False,
) -> Finding:
    """The verdict on a difference.

    The step-down test shows a difference. Equality within a margin needs the whole interval inside it (two one-sided
    tests, Schuirmann 1987); without a margin nothing is ever equal. A difference not shown to exist is unsettled.

    Args:
        value: the difference, first less second.
        interval: simultaneous; its end is moved to zero where test and interval would contradict each other.
        p_adjusted: step-down p-value.
        margin: as a share; 0.005 is half a point.
        void: neither of the two is shown to beat the majority class.
        same: both predict the same class for every test text, in every training.
    """
    shown = p_adjusted <= ALPHA and value != 0
    low, high = interval
    if shown and value > 0:
        low = max(low, 0.0)
    elif shown:
        high = min(high, 0.0)
    else:
        low, high = min(low, 0.0), max(high, 0.0)
    verdict = Verdict.UNSETTLED
    if same:
        verdict = Verdict.SAME
    elif void:
        verdict = Verdict.VOID
    elif margin is not None and -margin < low and high < margin:
        verdict = Verdict.EQUAL
    elif shown:
        verdict = Verdict.BETTER if value > 0 else Verdict.WORSE
    return Finding(value, Interval(low, high), p_adjusted, verdict, margin)


def reverse(finding: Finding) -> Finding:
    """The finding on the second against the first."""
    low, high = finding.interval
    interval = Interval(-high + 0.0, -low + 0.0)
    return Finding(-finding.value, interval, finding.p_adjusted, finding.verdict.reversed, finding.margin)


def above_baseline(low: float, baseline: float) -> bool:
    """Whether a figure with this lower bound is shown to beat a baseline; of the accuracy, the majority class."""
    return bool(np.isfinite(low)) and low > baseline
