"""A plan on the terminal: its cells by configuration, their state, and how long they will take."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.commands.printing import counted, print_wrapped
from benchmarks.redaction import plain
from benchmarks.registry.entries import entry
from benchmarks.runs.display import swept
from benchmarks.schema.cell import CellSpec
from benchmarks.store.files import StoreError
from data.dataset import Dataset

if TYPE_CHECKING:
    from reports.analysis.evidence import Evidence

UNBROKEN = 18
"""Characters of the name of a model or loss that stay on one line, however narrow the terminal."""


@dataclass(frozen=True)
class PlanState:
    """Finished cells of a plan, and estimated seconds of its cells.

    Attributes:
        done: ids of cells that have a good result already.
        seconds: id -> estimated seconds of a cell; cells without an estimate are left out.
    """

    done: frozenset[str]
    seconds: Mapping[str, float]


def print_plan(console: Console, title: str, specs: Sequence[CellSpec], state: PlanState) -> None:
    """Print one row per configuration, then the totals."""
    table = Table(title=Text(plain(title)), title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    headings = {"model": "left", "loss": "left", "texts": "right", "seeds": "left", "settings": "left", "time": "right"}
    varying = swept(specs)
    rows = [_row(cells, state, varying) for cells in _by_configuration(specs)]
    for column, (heading, justify) in enumerate(headings.items()):
        longest = max((len(row[column]) for row in rows), default=0)
        width = min(longest, UNBROKEN) if heading in {"model", "loss"} else None
        table.add_column(heading, justify=justify, overflow="fold", min_width=width)  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)
    print_totals(console, specs, state)


def print_totals(console: Console, specs: Sequence[CellSpec], state: PlanState) -> None:
    """Print the number of cells and the time that they will take."""
    for line in _totals(specs, state):
        print_wrapped(console, line)


def comparisons(specs: Sequence[CellSpec]) -> tuple[int, int]:
    """Count the primary comparisons of a plan, and the trainings behind each.

    At each training size, every configuration is compared with one of them.
    """
    counted = [cells for cells in _by_configuration(specs) if cells[0].role == "result"]
    sizes = {cells[0].train_size for cells in counted}
    return max(len(counted) - len(sizes), 1), min((len(cells) for cells in counted), default=1)


def detectable(specs: Sequence[CellSpec], dataset: Dataset, folder: Path) -> str:
    """Say which differences a plan can detect; the folder's earlier results on the same data say how rows cluster."""
    from reports.analysis.estimates import Clusters
    from reports.analysis.planning import Plan, observed_correlation

    groups, correlation = dataset.test.groups, None
    names, codes = np.unique(groups or (), return_inverse=True)
    clusters = Clusters(codes, len(names)) if groups is not None and len(names) < len(codes) else None
    if clusters is not None:
        correlation = observed_correlation(_evidence(dataset.fingerprint, folder))
    return Plan(len(dataset.test), *comparisons(specs), clusters, correlation).sentence


def _evidence(fingerprint: str, folder: Path) -> "tuple[Evidence, ...]":
    """What earlier results of these data show; nothing where there are none that can be read."""
    from reports.analysis.evidence import gather
    from reports.analysis.results import read_results

    try:
        results = read_results(folder)
        return gather(results) if results.run["dataset"]["fingerprint"] == fingerprint else ()
    except StoreError:  # no earlier run, or a damaged one, which the run itself reports
        return ()


def duration(seconds: float) -> str:
    """Format a rough duration: "40 s", "12 min", "3 h"."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3_600:.1f} h"


def _by_configuration(specs: Sequence[CellSpec]) -> list[list[CellSpec]]:
    groups: dict[str, list[CellSpec]] = {}
    for spec in specs:
        groups.setdefault(spec.configuration, []).append(spec)
    return list(groups.values())


def _row(cells: Sequence[CellSpec], state: PlanState, varying: AbstractSet[tuple[str, str]]) -> list[str]:
    spec = cells[0]
    model = spec.model if spec.role == "result" else f"{spec.model} ({spec.role})"
    devices = [f"devices={spec.devices}"] if spec.devices > 1 else []
    seeds = _ranges(sorted({cell.seed for cell in cells}))
    return [
        model,
        spec.loss,
        f"{spec.train_size:,}",
        seeds,
        ", ".join([*_changed(spec, varying), *devices]),
        _time(cells, state),
    ]


def _changed(spec: CellSpec, varying: AbstractSet[tuple[str, str]]) -> list[str]:
    """List the parameters that differ from their defaults, or that vary in the plan."""
    model, loss = entry("models", spec.model).parameters, entry("losses", spec.loss).parameters
    values = [(spec.model, model, spec.model_params), (spec.loss, loss, spec.loss_params)]
    return [
        f"{name}={value}"
        for owner, parameters, chosen in values
        for name, value in chosen.items()
        if name not in parameters or parameters[name].default != value or (owner, name) in varying
    ]


def _ranges(numbers: Sequence[int]) -> str:
    """Format sorted numbers, consecutive ones as a range: "1-3, 7"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _time(cells: Sequence[CellSpec], state: PlanState) -> str:
    waiting = [cell for cell in cells if cell.id not in state.done]
    if not waiting:
        return "done"
    known = [state.seconds[cell.id] for cell in waiting if cell.id in state.seconds]
    return f"~ {duration(sum(known))}" if len(known) == len(waiting) else "?"


def _totals(specs: Sequence[CellSpec], state: PlanState) -> list[str]:
    waiting = [spec for spec in specs if spec.id not in state.done]
    done = len(specs) - len(waiting)
    known = [state.seconds[spec.id] for spec in waiting if spec.id in state.seconds]
    lines = [f"{counted(len(specs), 'cell')}, {done} of them done" if done else counted(len(specs), "cell")]
    if known:
        unknown = len(waiting) - len(known)
        without = f"; no estimate for {counted(unknown, 'cell')}" if unknown else ""
        lines.append(f"about {duration(sum(known))} one after another, by earlier results of this machine{without}")
    elif waiting:
        lines.append("no time estimate: there are no earlier results of these models on this machine")
    return lines
