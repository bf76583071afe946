"""Summary after a run: failed cells and audits in red, and the number of good cells."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from benchmarks.commands.exit_status import ExitStatus
from benchmarks.commands.printing import counted, print_wrapped
from benchmarks.redaction import plain
from benchmarks.schema.result import CellResult

if TYPE_CHECKING:
    from reports.analysis.results import Results

MOST_LINES = 20
"""Lines of each kind."""


def print_summary(console: Console, results: "Results", cell_ids: Sequence[str] | None = None) -> ExitStatus:
    """Print failed audits, failed cells with their logs, and the number of good cells.

    Args:
        console: where to print.
        results: of the whole folder.
        cell_ids: the cells of this command, which decide the exit status; None takes all planned cells.

    Returns:
        INCOMPLETE unless every cell has a good result.
    """
    wanted = set(results.run["planned"] if cell_ids is None else cell_ids)
    cells = [cell for cell in results.cells if cell.spec.id in wanted]
    failed = [cell for cell in cells if cell.status != "ok"]
    good = len(cells) - len(failed)
    missing = sorted(wanted - {cell.spec.id for cell in cells})
    _print_red(console, _failed_audits(cells))
    _print_red(
        console, [*(_failure(results, cell) for cell in failed), *(f"no result: {cell_id}" for cell_id in missing)]
    )
    summary = f"{good} of {counted(len(wanted), 'cell')} ended ok"
    console.print(Text(summary, style="green" if good == len(wanted) else "red"))
    return ExitStatus.OK if good == len(wanted) else ExitStatus.INCOMPLETE


def _failed_audits(cells: Iterable[CellResult]) -> list[str]:
    """One line per failed, unacknowledged audit, with its first reason."""
    found: dict[str, list[str]] = {}
    for cell in cells:
        for audit in cell.audits:
            if audit.alarms:
                found.setdefault(audit.name, []).append(f"{audit.reason} ({cell.spec.id})")
    return [
        f"audit failed: {name}: {reasons[0]}"
        + (f", and in {counted(len(reasons) - 1, 'other cell')}" if reasons[1:] else "")
        for name, reasons in found.items()
    ]


def _failure(results: "Results", cell: CellResult) -> str:
    log = results.folder / "cells" / cell.spec.id / "log.txt"
    where = f"; log: {log}" if log.is_file() else ""
    return f"{cell.status}: {cell.spec.id}: {cell.reason}{where}"


def _print_red(console: Console, lines: Sequence[str]) -> None:
    for line in lines[:MOST_LINES]:
        print_wrapped(console, plain(line), style="red")
    if len(lines) > MOST_LINES:
        console.print(Text(f"... and {len(lines) - MOST_LINES} more; the report lists them all", style="red"))
