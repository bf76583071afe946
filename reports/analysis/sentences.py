"""Verdicts and ratios in plain words: what was found, for what, and within which interval."""

from collections.abc import Sequence

from reports import formats
from reports.analysis.comparisons import Comparison
from reports.analysis.rate_ratios import Ratio
from reports.analysis.results import Configuration
from reports.analysis.verdicts import NOT_LEARNT, Verdict

LEAST_SHARED = 0.1
"""Share of training rows in common up to which repeats count as independent draws."""


def verdict(comparison: Comparison) -> str:
    """The verdict on the first model against the second, with the interval and what it speaks of."""
    return _verdict(comparison, comparison.first.model, comparison.second.model)


def losses(comparison: Comparison) -> str:
    """The verdict on the first loss against the second, for one model."""
    return _verdict(comparison, comparison.first.loss, comparison.second.loss)


def short(comparison: Comparison) -> str:
    """The verdict in a few words: "better", "equal within 0.50 points", "unsettled", "void: ..."."""
    finding = comparison.finding
    if finding.verdict is Verdict.VOID:
        return f"void: {NOT_LEARNT}"
    found = finding.verdict.value
    if finding.verdict is Verdict.EQUAL and finding.margin is not None:
        found = f"equal within {formats.points(finding.margin, signed=False)} points"
    return f"{found} (exploratory)" if comparison.exploratory and finding.verdict is not Verdict.SAME else found


def difference(comparison: Comparison) -> str:
    """The difference in points with its interval; without one where the two predict the same."""
    if comparison.verdict is Verdict.SAME:
        return "0.00 (same predictions)"
    return formats.points_interval(comparison.finding.value, comparison.finding.interval)


def with_interval(comparison: Comparison) -> str:
    """The verdict in a few words, with the interval where it says something."""
    if comparison.verdict in {Verdict.SAME, Verdict.VOID}:
        return short(comparison)
    return f"{short(comparison)} ({formats.between(comparison.finding.interval)})"


def shared_rows(configurations: Sequence[Configuration]) -> str:
    """State how many training rows repeats have in common and what their intervals leave out; "" if none."""
    repeated = [c for c in configurations if len({repeat for repeat, _ in c.trainings}) > 1]
    shares = {c.train_size: c.shared for c in repeated if c.shared > LEAST_SHARED}
    if not shares:
        return ""
    said = ", ".join(f"{_share(share)} of {size:,}" for size, share in sorted(shares.items()))
    return (
        f"Any two repeats have training texts in common ({said}): their intervals understate how much another training "
        "sample would change a figure. Fewer training texts (--train-size) show more of it."
    )


def times(ratio: Ratio) -> str:
    """A ratio of training times: its interval where enough processes were timed, else the range of the readings."""
    top, bottom = ratio.readings
    fits = f"{top} and {bottom} fits"
    if ratio.interval is not None:
        return f"{_range(*ratio.interval)} times (95 % interval; {fits})"
    if ratio.readings == (1, 1):
        return f"about {formats.significant(ratio.value)} times (one fit each, so no range is known)"
    return f"{_range(*ratio.range)} times (range of {fits})"


def ends(ratio: Ratio) -> str:
    """The interval in round brackets; the range of the processes in square ones, where there are too few to decide."""
    if ratio.interval is not None:
        return f"({ratio.interval.low:.2f}–{ratio.interval.high:.2f})"
    if ratio.alone:
        return "[one process]"
    return f"[{ratio.range.low:.2f}–{ratio.range.high:.2f}]"


def multiple(ratio: Ratio | None, *, narrow: bool = False) -> str:
    """A cost over that of the cheapest, which is a plain 1: "15.0 (14.0–16.0)", or "15.0 [14.0–16.0]" with a range.

    Args:
        ratio: None where one was not timed.
        narrow: without the value where it has an interval, "14.0–16.0", or a range, "[14.0–16.0]"; "≈15.0" where each
            side was timed once.
    """
    if ratio is None:
        return formats.NOT_MEASURED
    if ratio.value == 1:
        return "1"
    value = formats.significant(ratio.value)
    if ratio.alone:
        return f"≈{value}" if narrow else f"{value} [one process]"
    between = _range(*(ratio.interval or ratio.range)).replace(" to ", "–")
    if ratio.interval is None:
        between = f"[{between}]"
    elif not narrow:
        between = f"({between})"
    return between if narrow else f"{value} {between}"


def _share(share: float) -> str:
    return "all" if share >= 1 else formats.percent(share)


def _range(low: float, high: float) -> str:
    ends = formats.significant(low), formats.significant(high)
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _verdict(comparison: Comparison, first: str, second: str) -> str:
    finding = comparison.finding
    between = formats.between_points(finding.interval)
    claim = comparison.estimand.claim
    if finding.verdict is Verdict.SAME:
        return f"{first} and {second} make the {finding.verdict.value} ({claim})."
    if finding.verdict is Verdict.VOID:
        return f"Void: the better of {first} and {second} is {NOT_LEARNT}."
    if finding.verdict is Verdict.UNSETTLED and max(-finding.interval.low, finding.interval.high) >= 1:
        return f"Unsettled {claim}: trainings are too few, or differ too much, to bound {first} less {second}."
    if finding.verdict is Verdict.UNSETTLED:
        return f"Unsettled {claim}: {first} less {second} is {between}."
    if finding.verdict is Verdict.EQUAL:
        return f"{first} and {second} are {short(comparison)} {claim}: {between}."
    return f"{first} is {finding.verdict.value} than {second} {claim}: {between}."
