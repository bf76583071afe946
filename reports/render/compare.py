"""The comparison of two runs as Markdown for a pull request, and the losses that fail it."""

from dataclasses import dataclass

import pandas as pd

from reports import formats
from reports.analysis import sentences
from reports.analysis.rate_ratios import PROCESSES_NEEDED, Ratio
from reports.analysis.run_comparison import RATES, Change, Rate, RunComparison
from reports.analysis.verdicts import Verdict
from reports.render.markdown import escape, table


@dataclass(frozen=True)
class Limits:
    """Losses that are too large; None is no limit.

    Attributes:
        accuracy: a share (0.005 is half a point).
        throughput: a share of the base rate.
    """

    accuracy: float | None = None
    throughput: float | None = None


def problems(comparison: RunComparison, limits: Limits) -> list[str]:
    """What fails the new run: alarms of its audits and, where limits are set, losses and missing results."""
    found = [f"audit failed: {name}, in {count} cells of the new run" for name, count in comparison.alarms.items()]
    if limits != Limits():
        found += [
            f"{c.model} × {c.loss} ({c.train_size:,}): no good result in the new run" for c in comparison.only_base
        ]
    return found + losses(comparison, limits)


def losses(comparison: RunComparison, limits: Limits) -> list[str]:
    """What is shown to be worse, by more than a limit as measured."""
    found = []
    for change in comparison.changes:
        accuracy = change.accuracy.finding
        if limits.accuracy is not None and accuracy.verdict is Verdict.WORSE and accuracy.value < -limits.accuracy:
            between = formats.between_points(accuracy.interval)
            found.append(f"{change.who}: accuracy {formats.points(accuracy.value)} points, {between}")
        if limits.throughput is not None:
            found += [
                f"{change.who}: {rate.name} at {rate.ratio.value:.2f} times the base rate, {_ends(rate.ratio)}"
                for rate in change.rates
                if rate.ratio.below and rate.ratio.value < 1 - limits.throughput
            ]
    return found


def undecided(comparison: RunComparison, limits: Limits) -> list[str]:
    """Losses beyond a limit that the runs do not exclude."""
    found = []
    for change in comparison.changes:
        accuracy = change.accuracy.finding
        if (
            limits.accuracy is not None
            and accuracy.verdict is not Verdict.SAME
            and accuracy.interval.low < -limits.accuracy
            and not _lost(accuracy.value, limits, change)
        ):
            limit = formats.points(limits.accuracy, signed=False)
            between = formats.between_points(accuracy.interval)
            found.append(f"{change.who}: a loss of more than {limit} points of accuracy is not excluded ({between})")
        if limits.throughput is not None:
            found += [text for rate in change.rates if (text := _undecided_rate(change, rate, limits.throughput))]
    if limits.throughput is not None and comparison.why_no_rates:
        found.append(f"no rate is decided: {comparison.why_no_rates}")
    return found


def render(comparison: RunComparison, limits: Limits) -> str:
    """Markdown for a pull request."""
    lines: list[str] = [table(pd.DataFrame([_row(change) for change in comparison.changes]))]
    lines.append(
        "Intervals of accuracies hold together with 97.5 %, so do those of rates (new over base). Square brackets "
        f"hold the range of the readings: fewer than {PROCESSES_NEEDED} processes a side decide nothing."
    )
    if comparison.why_no_rates:
        lines.append(escape(comparison.why_no_rates))
    for title, configurations in (("base", comparison.only_base), ("new", comparison.only_new)):
        if configurations:
            names = ", ".join(f"{c.model} × {c.loss} ({c.train_size:,})" for c in configurations)
            lines.append(f"Only in {title}: {escape(names)}.")
    failed, open_ = problems(comparison, limits), undecided(comparison, limits)
    if failed:
        lines.append(_listed("Worse:", failed))
    if open_:
        lines.append(_listed("Not decided:", open_))
    if limits != Limits() and not failed and not open_:
        lines.append("A loss beyond the limits is excluded.")
    return "\n\n".join(lines) + "\n"


def _row(change: Change) -> dict[str, str]:
    row = {
        "model": change.new.model,
        "loss": change.new.loss,
        "training texts": formats.count(change.new.train_size),
        "accuracy, new less base (points)": sentences.difference(change.accuracy),
        "new is": sentences.short(change.accuracy),
        "holds for": change.accuracy.estimand.claim.removeprefix("for "),
    }
    rates = {rate.name: f"{rate.ratio.value:.2f} {_ends(rate.ratio)}" for rate in change.rates}
    return row | {f"{name} (new / base)": rates.get(name, formats.NOT_MEASURED) for name in RATES.values()}


def _ends(ratio: Ratio) -> str:
    """The interval in round brackets, or the range of the readings in square ones."""
    if ratio.interval is not None:
        return f"({ratio.interval.low:.2f}–{ratio.interval.high:.2f})"
    return f"[{ratio.range.low:.2f}–{ratio.range.high:.2f}]"


def _undecided_rate(change: Change, rate: Rate, limit: float) -> str:
    if rate.ratio.interval is None:
        timed = f"timed in {rate.ratio.processes} processes a side of the {PROCESSES_NEEDED} that decide"
        return f"{change.who}: {rate.name}, {timed}"
    if rate.ratio.interval.low < 1 - limit and not (rate.ratio.below and rate.ratio.value < 1 - limit):
        loss = f"a loss of more than {formats.percent(limit)} is not excluded {_ends(rate.ratio)}"
        return f"{change.who}: {rate.name}, {loss}"
    return ""


def _lost(value: float, limits: Limits, change: Change) -> bool:
    """Whether a loss of accuracy is among the losses already."""
    return change.accuracy.verdict is Verdict.WORSE and limits.accuracy is not None and value < -limits.accuracy


def _listed(title: str, entries: list[str]) -> str:
    return "\n".join([title, "", *(f"- {escape(entry)}" for entry in entries)])
