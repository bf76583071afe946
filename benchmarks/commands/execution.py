"""The cells of prepared runs, run from the command line: tuning, the sweep, its live reports, and how it ends."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from rich.console import Console

from benchmarks.commands.live_report import LiveReport
from benchmarks.commands.printing import print_line
from benchmarks.commands.run_options import CellOptions, OutputOptions
from benchmarks.commands.run_view import interrupted, stopped_by_store, warn_of_other_data

if TYPE_CHECKING:
    from benchmarks.executors.select import Backend
    from benchmarks.runs.run import Run


def run_cells(
    runs: Sequence["Run"],
    command: Sequence[str],
    backend: "Backend",
    cells: CellOptions,
    output: OutputOptions,
    console: Console,
    report: Callable[[Sequence["Run"]], int],
) -> int:
    """Run all cells, and then report.

    Args:
        runs: one for each dataset; their suites differ in their data alone.
        command: how to continue them.
        backend: where cells run.
        cells: how each is run.
        output: what is shown, and which results are made anew.
        console: where lines are printed.
        report: writes the reports of the runs as they were carried out, and returns an exit status.

    Returns:
        The exit status: that of `report` unless the run was interrupted or stopped.
    """
    from benchmarks.runs.run import execute, stores_of, tune_all
    from benchmarks.store.files import StoreError

    for run in runs:
        warn_of_other_data(run, console)
    executor = backend.executor(stores_of(runs), cells.timeout)
    try:
        if budget := runs[0].suite.tuning:
            runs = tune_all(runs, budget, executor, console, fresh=output.fresh)
        planned = {run.store.folder: len(run.specs) for run in runs}
        outcomes = execute(
            runs,
            executor,
            console,
            measure=backend.measure,
            fresh=output.fresh,
            retries=cells.retries,
            events=sys.stdout if output.log_json else None,
            finished=LiveReport(planned, partial(print_line, console)),
        )
        status = report(runs)
    except KeyboardInterrupt:
        return interrupted(command)
    except StoreError as error:
        return stopped_by_store(error)
    return interrupted(command) if outcomes.stopped else status
