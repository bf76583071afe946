"""Two results folders, cell against cell: what changed, and whether it is more than noise."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.schema.measurements import Phase
from reports import formats
from reports.analysis.evidence import Evidence, gather
from reports.analysis.results import Configuration, FloatArray, Results, machine, read_results
from reports.analysis.statistics import Comparison, compare
from reports.render.markdown import escape, table

RATES: dict[Phase, str] = {"train_steps": "training", "text_to_label": "text → label", "encoded_to_scores": "scoring"}


@dataclass(frozen=True)
class Rate:
    """A throughput of one configuration in both runs.

    Attributes:
        name: of what.
        ratio: median of the new readings over median of the base ones; above 1 is faster.
        low, high: slowest new reading over fastest base one, and the other way round. Only if every new reading is
            slower, or every one faster, than every base one does the band leave 1 out.
    """

    name: str
    ratio: float
    low: float
    high: float

    @property
    def slower(self) -> bool:
        """Beyond noise."""
        return self.high < 1


@dataclass(frozen=True)
class Change:
    """One configuration in both runs.

    Attributes:
        base, new: in either run.
        accuracy: new (the first) against base (the second); None where they did not score the same test rows.
        rates: throughputs that both measured.
    """

    base: Configuration
    new: Configuration
    accuracy: Comparison | None
    rates: tuple[Rate, ...]


@dataclass(frozen=True)
class Limits:
    """Losses that are too large; None is no limit.

    Attributes:
        accuracy: a share (0.005 is half a point).
        throughput: a share of the base rate.
    """

    accuracy: float | None = None
    throughput: float | None = None


@dataclass(frozen=True)
class RunComparison:
    """All that two runs have in common, and what they have not.

    Attributes:
        changes: configurations in both, in the base's order.
        only_base, only_new: configurations in one of them.
        same_machine: whether processor, accelerator and threads are the same; rates do not compare otherwise.
    """

    changes: tuple[Change, ...]
    only_base: tuple[Configuration, ...]
    only_new: tuple[Configuration, ...]
    same_machine: bool

    def losses(self, limits: Limits) -> list[str]:
        """What got worse by more than a limit, and by more than noise; rates only where the machine is the same."""
        found = []
        for change in self.changes:
            who = f"{change.new.model} × {change.new.loss}, {change.new.train_size:,} training reviews"
            accuracy = change.accuracy
            if (
                limits.accuracy is not None
                and accuracy
                and accuracy.significant
                and (accuracy.difference < -limits.accuracy)
            ):
                found.append(f"{who}: accuracy {formats.points(accuracy.difference)} points")
            if limits.throughput is not None and self.same_machine:
                slower = [rate for rate in change.rates if rate.slower and rate.ratio < 1 - limits.throughput]
                found += [f"{who}: {rate.name} at {rate.ratio:.2f} times the base rate" for rate in slower]
        return found


def compare_runs(base: Path, new: Path) -> RunComparison:
    """Match the configurations of two results folders and compare them.

    Configurations match when data, model, loss, parameters, training rows, device and precision are the same; the
    version of the code may differ.

    Raises:
        StoreError: a folder holds no results.
    """
    runs = [read_results(folder) for folder in (base, new)]
    evidence = [_by_identity(results) for results in runs]
    shared = [identity for identity in evidence[0] if identity in evidence[1]]
    pairs = [(evidence[1][identity], evidence[0][identity]) for identity in shared]
    paired = [pair for pair in pairs if _same_rows(runs, *pair)]
    compared = dict(zip(map(id, (first for first, _ in paired)), compare(paired), strict=True))
    return RunComparison(
        changes=tuple(
            Change(b.configuration, n.configuration, compared.get(id(n)), _rates(b.configuration, n.configuration))
            for n, b in pairs
        ),
        only_base=_unmatched(evidence[0], shared),
        only_new=_unmatched(evidence[1], shared),
        same_machine=len({machine(results.run["environment"]) for results in runs}) == 1,
    )


def render(comparison: RunComparison, limits: Limits) -> str:
    """Markdown for a pull request."""
    rows = []
    for change in comparison.changes:
        accuracy = change.accuracy
        row = {
            "model": change.new.model,
            "loss": change.new.loss,
            "training reviews": formats.count(change.new.train_size),
            "accuracy, new less base (points)": (
                formats.points_interval(accuracy.difference, accuracy.interval) if accuracy else formats.NOT_MEASURED
            ),
            "p (Holm)": formats.p_value(accuracy.p_corrected) if accuracy else formats.NOT_MEASURED,
        }
        rates = {rate.name: f"{rate.ratio:.2f} ({rate.low:.2f}–{rate.high:.2f})" for rate in change.rates}
        rows.append(row | {f"{name} (new / base)": rates.get(name, formats.NOT_MEASURED) for name in RATES.values()})
    lines: list[str] = [table(pd.DataFrame(rows))]
    if not comparison.same_machine:
        lines.append("The two runs are of different machines: their rates do not compare.")
    for title, configurations in (("base", comparison.only_base), ("new", comparison.only_new)):
        if configurations:
            names = ", ".join(f"{c.model} × {c.loss} ({c.train_size:,})" for c in configurations)
            lines.append(f"Only in {title}: {escape(names)}.")
    losses = comparison.losses(limits)
    if limits != Limits():
        verdict = "\n".join(f"- {escape(loss)}" for loss in losses)
        lines.append(verdict or "No loss beyond the limits and the noise.")
    return "\n\n".join(lines) + "\n"


def _by_identity(results: Results) -> dict[str, Evidence]:
    return {_identity(one.configuration): one for one in gather(results)}


def _identity(configuration: Configuration) -> str:
    spec = configuration.cells[0].spec.model_dump(exclude={"seed", "code_version", "dataset"})
    return json.dumps(spec, sort_keys=True)


def _same_rows(runs: Sequence[Results], new: Evidence, base: Evidence) -> bool:
    first = runs[1].predictions(new.configuration.cells[0])
    second = runs[0].predictions(base.configuration.cells[0])
    return np.array_equal(first.rows, second.rows) and np.array_equal(first.labels, second.labels)


def _rates(base: Configuration, new: Configuration) -> tuple[Rate, ...]:
    rates = []
    for phase, name in RATES.items():
        before, after = _readings(base, phase), _readings(new, phase)
        if len(before) and len(after):
            ratio = float(np.median(after) / np.median(before))
            rates.append(Rate(name, ratio, float(after.min() / before.max()), float(after.max() / before.min())))
    return tuple(rates)


def _readings(configuration: Configuration, phase: Phase) -> FloatArray:
    measured = [m for cell in configuration.cells if (m := cell.measurement(phase))]
    return np.array([n / s for m in measured for n, s in zip(m.examples, m.seconds, strict=True)], dtype=np.float64)


def _unmatched(evidence: dict[str, Evidence], shared: Sequence[str]) -> tuple[Configuration, ...]:
    return tuple(one.configuration for identity, one in evidence.items() if identity not in shared)
