"""Terminal display of a sweep: one line per finished cell, progress bars for running ones."""

import textwrap
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from benchmarks.redaction import plain
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.result import CellResult


class Display:
    """The lines and bars of one sweep over `specs`; a context manager."""

    def __init__(self, console: Console, specs: Sequence[CellSpec]) -> None:
        self._console = console
        self._numbers = {spec.id: number for number, spec in enumerate(specs, start=1)}
        self._several = len({spec.data_fingerprint for spec in specs}) > 1
        self._swept = swept(specs)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._cells = self._progress.add_task("cells", total=len(specs))
        self._running: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def step(self, spec: CellSpec, done: int, total: int) -> None:
        """Show that a running cell has taken `done` of `total` training steps; 0 of 0: it has begun."""
        if spec.id not in self._running:
            self._running[spec.id] = self._progress.add_task(self._title(spec), total=None)
        self._progress.update(self._running[spec.id], completed=done, total=total or None)

    def ended(self, spec: CellSpec, outcome: str, result: CellResult | None = None) -> None:
        """Show that a cell has ended."""
        self._progress.advance(self._cells, spec.id in self._numbers)
        self.again(spec, outcome)

    def again(self, spec: CellSpec, outcome: str) -> None:
        """Show that a cell has ended, and will run again."""
        if spec.id in self._running:
            self._progress.remove_task(self._running.pop(spec.id))
        place = f"[{self._numbers[spec.id]}/{len(self._numbers)}] " if spec.id in self._numbers else ""  # no cascade's
        self.say(f"{place}{self._title(spec)}: {outcome}")

    def say(self, line: str) -> None:
        """Show a line about anything else, wrapped at the width of the console."""
        wrapped = textwrap.wrap(
            line, self._console.width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
        for part in wrapped:
            self._console.print(part, markup=False, highlight=False, soft_wrap=True)

    def _title(self, spec: CellSpec) -> str:
        values = [
            f"{name}={value}"
            for owner, params in ((spec.model, spec.model_params), (spec.loss, spec.loss_params))
            for name, value in params.items()
            if (owner, name) in self._swept
        ]
        shown = f"{title(spec)} ({', '.join(values)})" if values else title(spec)
        return f"{plain(spec.dataset)}: {shown}" if self._several else shown


def swept(specs: Sequence[CellSpec]) -> set[tuple[str, str]]:
    """Return (model or loss, parameter) of each parameter that has several values in a sweep."""
    values: dict[tuple[str, str], set[object]] = {}
    for spec in specs:
        for owner, params in ((spec.model, spec.model_params), (spec.loss, spec.loss_params)):
            for name, value in params.items():
                values.setdefault((owner, name), set()).add(value)
    return {key for key, found in values.items() if len(found) > 1}


def outcome(result: CellResult) -> str:
    """Say in a few words how a cell ended; on the user's own terminal, with the message of an exception."""
    if result.status != "ok":
        detail = f": {result.detail}" if result.detail and result.detail not in result.reason else ""
        return f"{result.status}: {result.reason}{detail}"
    if result.cascade is not None:
        passed = result.cascade.test_rows[1] / result.cascade.test_rows[0]
        return f"accuracy {result.metrics['accuracy']:.2%}, passed on {passed:.0%} of the test texts"
    fit = result.measurement("fit")
    seconds = fit.seconds[0] if fit else 0.0
    return f"accuracy {result.metrics['accuracy']:.2%}, fit in {seconds:.1f} s"


def title(spec: CellSpec) -> str:
    """Name a cell in a line."""
    if spec.stages:
        aim = f"for {'the least cost' if spec.model_params['aim'] == 'cost' else 'the highest accuracy'}"
        return f"{spec.model} {aim}, {spec.train_size:,} texts, seed {spec.seed}"
    role = "" if spec.role == "result" else f", {spec.role}"
    return f"{spec.model} × {spec.loss}, {spec.train_size:,} texts, seed {spec.seed}{role}"
