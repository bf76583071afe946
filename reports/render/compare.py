"""The comparison of two runs as Markdown for a pull request, and the losses that fail it."""

import textwrap
from dataclasses import dataclass

import pandas as pd

from benchmarks.schema.measurements import Phase
from reports import formats
from reports.analysis import sentences
from reports.analysis.rate_ratios import PROCESSES_NEEDED
from reports.analysis.run_comparison import RATES, Change, Rate, RunComparison
from reports.analysis.verdicts import Verdict
from reports.render.markdown import escape, table

WIDTH = 80
"""Characters of a line, unless the user wants the wide table."""

NARROWEST = 12
"""Characters of a shortened name."""

NAMES_IN_FULL = "Names are shortened; the option `--wide` has them in full, and every rate."

MAIN_RATE: Phase = "text_to_label"


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
    """List the failures of the new run: new audit alarms, failed cells and, with limits, losses and missing cells."""
    found = [f"audit failed: {name}, in {count} cells of the new run" for name, count in comparison.alarms.items()]
    found += comparison.failed
    if limits != Limits():
        found += comparison.missing
    return found + losses(comparison, limits)


def losses(comparison: RunComparison, limits: Limits) -> list[str]:
    """List the figures shown to be worse and measured as worse by more than a limit."""
    found = []
    for change in comparison.changes:
        accuracy = change.accuracy.finding
        if limits.accuracy is not None and accuracy.verdict is Verdict.WORSE and accuracy.value < -limits.accuracy:
            between = formats.between_points(accuracy.interval)
            found.append(f"{change.who}: accuracy {formats.points(accuracy.value)} points, {between}")
        if limits.throughput is not None:
            found += [
                f"{change.who}: {rate.name} at {rate.ratio.value:.2f} times the base rate, {sentences.ends(rate.ratio)}"
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


def render(comparison: RunComparison, limits: Limits, *, wide: bool = False) -> str:
    """Markdown for a pull request.

    Args:
        comparison: of two runs.
        limits: losses that fail the new run.
        wide: whether the table has every column, rather than those that fit into `WIDTH` characters.
    """
    rows = pd.DataFrame([_row(change) for change in comparison.changes])
    lines = [
        "Intervals of accuracies hold together with 97.5 %, so do those of rates (new over base). Square brackets "
        f"hold the range of the readings: fewer than {PROCESSES_NEEDED} processes a side decide nothing."
    ]
    if comparison.why_no_rates:
        lines.append(escape(comparison.why_no_rates))
    for title, configurations in (("base", comparison.only_base), ("new", comparison.only_new)):
        if configurations:
            names = ", ".join(f"{c.model} × {c.loss} ({c.train_size:,})" for c in configurations)
            lines.append(f"Only in {title}: {escape(names)}.")
    failed, open_ = problems(comparison, limits), undecided(comparison, limits)
    for title, entries in (
        ("What differs, base → new:", _differences(comparison)),
        ("Worse:", failed),
        ("Not decided:", open_),
    ):
        if entries:
            lines.append(_listed(title, entries))
    if limits != Limits() and not failed and not open_:
        lines.append("A loss beyond the limits is excluded.")
    shown = table(rows) if wide else _narrow(comparison)
    return "\n\n".join([shown, *map(_wrapped, lines)]) + "\n"


def _narrow(comparison: RunComparison) -> str:
    """The main columns; names are shortened where a row would be wider than `WIDTH`."""
    losses_, sizes = ({getattr(c.new, name) for c in comparison.changes} for name in ("loss", "train_size"))
    names = [
        c.new.model
        + (f" × {c.new.loss}" if len(losses_) > 1 else "")
        + (f", {c.new.train_size:,}" if len(sizes) > 1 else "")
        for c in comparison.changes
    ]
    drawn, room = _drawn(names, comparison), max(map(len, names))
    if _width(drawn) <= WIDTH:
        return drawn
    while _width(drawn) > WIDTH and room > NARROWEST:
        room -= 1
        drawn = _drawn([name if len(name) <= room else f"{name[: room - 1]}…" for name in names], comparison)
    return f"{drawn}\n\n{NAMES_IN_FULL}"


def _width(drawn: str) -> int:
    return max(map(len, drawn.splitlines()))


def _drawn(names: list[str], comparison: RunComparison) -> str:
    rows = []
    for name, change in zip(names, comparison.changes, strict=True):
        rate = next((rate.ratio for rate in change.rates if rate.name == RATES[MAIN_RATE]), None)
        rows.append(
            {
                "model": name,
                "accuracy, points": sentences.difference(change.accuracy),
                "new is": change.accuracy.verdict.name.lower(),
                "texts/s, times": formats.NOT_MEASURED if rate is None else f"{rate.value:.2f} {sentences.ends(rate)}",
            }
        )
    return table(pd.DataFrame(rows))


def _differences(comparison: RunComparison) -> list[str]:
    """The differences between the two sides of a row; those of all rows are named once."""
    everywhere = [d for d in comparison.changes[0].differences if all(d in c.differences for c in comparison.changes)]
    own = {change.who: [d for d in change.differences if d not in everywhere] for change in comparison.changes}
    found = [f"everywhere: {', '.join(everywhere)}"] if everywhere else []
    return [*found, *(f"{who}: {', '.join(several)}" for who, several in own.items() if several)]


def _row(change: Change) -> dict[str, str]:
    row = {
        "model": change.new.model,
        "loss": change.new.loss,
        "training texts": formats.count(change.new.train_size),
        "accuracy, new less base (points)": sentences.difference(change.accuracy),
        "new is": sentences.short(change.accuracy),
        "holds for": change.accuracy.estimand.claim.removeprefix("for "),
    }
    rates = {rate.name: f"{rate.ratio.value:.2f} {sentences.ends(rate.ratio)}" for rate in change.rates}
    return row | {f"{name} (new / base)": rates.get(name, formats.NOT_MEASURED) for name in RATES.values()}


def _undecided_rate(change: Change, rate: Rate, limit: float) -> str:
    if rate.ratio.interval is None:
        number = rate.ratio.processes
        processes = f"{number} process{'es' * (number != 1)} a side"
        timed = f"timed in {processes} of the {PROCESSES_NEEDED} that decide"
        return f"{change.who}: {rate.name}, {timed}"
    if rate.ratio.interval.low < 1 - limit and not (rate.ratio.below and rate.ratio.value < 1 - limit):
        loss = f"a loss of more than {formats.percent(limit)} is not excluded {sentences.ends(rate.ratio)}"
        return f"{change.who}: {rate.name}, {loss}"
    return ""


def _lost(value: float, limits: Limits, change: Change) -> bool:
    """Whether a loss of accuracy is among the losses already."""
    return change.accuracy.verdict is Verdict.WORSE and limits.accuracy is not None and value < -limits.accuracy


def _listed(title: str, entries: list[str]) -> str:
    return "\n".join([title, "", *(f"- {escape(entry)}" for entry in entries)])


def _wrapped(paragraph: str) -> str:
    """Break each line at `WIDTH` characters; the rest of a list's entry is indented."""
    return "\n".join(
        textwrap.fill(
            line,
            WIDTH,
            subsequent_indent="  " if line.startswith("- ") else "",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in paragraph.split("\n")
    )
