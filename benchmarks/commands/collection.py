"""`run` on several datasets: the plan, the one sweep, a report for each dataset, and the leaderboard."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from benchmarks.commands.execution import run_cells
from benchmarks.commands.exit_status import ExitStatus
from benchmarks.commands.printing import counted, print_line, print_wrapped
from benchmarks.commands.run_options import CellOptions, OutputOptions
from benchmarks.commands.run_view import print_left_out, print_run_data, print_run_plan, stopped_by_store
from benchmarks.redaction import plain

if TYPE_CHECKING:
    from benchmarks.executors.select import Backend
    from benchmarks.runs.collection import Collection
    from benchmarks.runs.run import Run


def run_collection(
    collection: "Collection",
    command: Sequence[str],
    backend: "Backend",
    cells: CellOptions,
    output: OutputOptions,
    console: Console,
) -> int:
    """Print the plan and run it.

    Returns:
        INCOMPLETE if a dataset could not be used or a cell has no good result.
    """
    _print_plan(collection, console, whole=output.dry_run)
    if output.dry_run:
        return ExitStatus.INCOMPLETE if collection.unreadable else ExitStatus.OK

    from benchmarks.store.files import StoreError

    try:
        collection.write(command)
    except StoreError as error:
        return stopped_by_store(error)

    def report(runs: Sequence["Run"]) -> int:
        carried_out = replace(collection, runs=dict(zip(collection.runs, runs, strict=True)))
        return _report(carried_out, output, console)

    return run_cells(list(collection.runs.values()), command, backend, cells, output, console, report)


def _report(collection: "Collection", output: OutputOptions, console: Console) -> int:
    """Write the report of each dataset and the leaderboard of all, if they can be ranked."""
    from benchmarks.commands.leaderboard import write_leaderboard
    from benchmarks.commands.report import write_reports
    from benchmarks.commands.summary import print_summary
    from reports.analysis.contenders import NotRankedError

    statuses = []
    for title, run in collection.runs.items():
        results = write_reports(run.store.folder, Console(quiet=True), output.track)
        print_line(console, f"{title}: wrote {run.store.folder / 'report.html'}")
        statuses.append(print_summary(console, results, [*(spec.id for spec in run.specs), *results.run["cascades"]]))
    try:
        write_leaderboard([collection.folder], collection.folder, console)
    except NotRankedError as error:
        print_line(console, f"no leaderboard: {error}")
        statuses.append(ExitStatus.INCOMPLETE)
    _print_unreadable(collection, console)
    complete = not collection.unreadable and all(status is ExitStatus.OK for status in statuses)
    return ExitStatus.OK if complete else ExitStatus.INCOMPLETE


def _print_plan(collection: "Collection", console: Console, *, whole: bool) -> None:
    """Print the plan of each dataset, or only the sizes."""
    for title, run in collection.runs.items():
        if whole:
            print_run_data(run, console)
            print_run_plan(run, console, whole=True)
        else:
            data = run.dataset
            sizes = f"{len(data.train):,} training, {len(data.valid):,} validation, {len(data.test):,} test texts"
            cells = counted(len(run.specs), "cell")
            print_wrapped(console, f"{title}: {sizes}, {data.test.num_classes} classes, {cells}")
            for note in data.notes:
                print_wrapped(console, f"note: {plain(note)}", indent="  ", style="yellow")
    print_left_out(next(iter(collection.runs.values())), console)
    _print_unreadable(collection, console)
    total = counted(len(collection.specs), "cell")
    print_line(console, f"{total} on {counted(len(collection.runs), 'dataset')}; results folder: {collection.folder}")


def _print_unreadable(collection: "Collection", console: Console) -> None:
    for title, reason in collection.unreadable.items():
        console.print(Text(plain(f"{title} cannot be used: {reason}"), style="red"), soft_wrap=True)
