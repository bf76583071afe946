"""`report`: write the report of a results folder."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.commands import exit_codes
from benchmarks.commands.options import Price, Tracker, TrackerChoice, checked_price
from benchmarks.commands.saying import say
from benchmarks.errors import UsageError


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A results folder.")],
    price_per_hour: Price = None,
    track: Tracker = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write it here. Default: the results folder.")] = None,
    page: Annotated[Path | None, typer.Option(metavar="FILE", help="Default: report.md with the others.")] = None,
) -> int:
    """Write the report of a results folder again.

    Examples: `python -m benchmarks report results/quick --price-per-hour 0.40` ·
    `python -m benchmarks report results/quick --out published/quick --page RESULTS.md`
    """
    from benchmarks.store.results import StoreError

    if price_per_hour is not None:
        _keep_price(folder, checked_price(price_per_hour))
    try:
        write_reports(folder, Console(), track, out, page)
    except StoreError as error:
        raise UsageError(str(error)) from None
    return exit_codes.OK


def write_reports(
    folder: Path,
    console: Console,
    tracker: TrackerChoice | None = None,
    out: Path | None = None,
    page: Path | None = None,
) -> None:
    """Print the tables of a results folder and write its reports.

    Args:
        folder: the results folder.
        console: where the tables go.
        tracker: that gets the finished cells, too.
        out: where the files go; None: into the results folder.
        page: the Markdown file; None: `report.md` beside the others.

    Raises:
        StoreError: the folder holds no results, or a file cannot be written.
    """
    from benchmarks.store.results import WriteError
    from reports.analysis.results import read_results
    from reports.analysis.run_analysis import analyse
    from reports.figures.draw import gallery, write_figures
    from reports.render.html import write_html
    from reports.render.markdown import write_cells_csv, write_markdown
    from reports.render.terminal import print_tables

    analysis = analyse(read_results(folder))
    print_tables(analysis, console)
    drawings = gallery(analysis)
    out = out or folder
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_figures(out, drawings)
        for path in (
            write_cells_csv(out, analysis.results),
            write_markdown(out, analysis, drawings, page),
            write_html(out, analysis, drawings),
        ):
            say(console, f"wrote {path}")
        if tracker:
            from benchmarks.runs.tracking import track

            say(console, f"wrote {track(folder, tracker.value)}")
    except OSError as error:
        raise WriteError(f"the report cannot be written: {error.filename or folder}: {error.strerror}") from error


def _keep_price(folder: Path, price: float | None) -> None:
    """Note it with the run, so that the same files give the same report."""
    from benchmarks.store.results import Store, StoreError

    store = Store(folder)
    try:
        store.write_run(store.read_run() | {"price_per_hour": price})
    except StoreError as error:
        raise UsageError(str(error)) from None
