"""`report`: write the report of a results folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from benchmarks.commands.exit_status import ExitStatus
from benchmarks.commands.options import Margin, Price, Tracker, TrackerChoice, check_price, parse_margin
from benchmarks.commands.printing import PipeConsole, print_line

if TYPE_CHECKING:
    from reports.analysis.results import Results


def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Results folder.")],
    price_per_hour: Price = None,
    margin: Margin = None,
    track: Tracker = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write it here. Default: the results folder.")] = None,
    page: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the Markdown page here. Default: report.md in --out.")
    ] = None,
) -> int:
    """Write the report of a results folder again.

    Examples: `python -m benchmarks report results/quick --price-per-hour 0.40` ·
    `python -m benchmarks report results/quick --margin 0.5pp --out published/quick --page RESULTS.md`
    """
    from benchmarks.commands.summary import print_summary

    check_price(price_per_hour)
    given = {"price_per_hour": price_per_hour, "margin_points": parse_margin(margin)}
    if chosen := {key: value for key, value in given.items() if value is not None}:
        _record(folder, chosen)
    console = PipeConsole()
    print_summary(console, write_reports(folder, console, track, out, page))
    return ExitStatus.OK


def write_reports(
    folder: Path,
    console: Console,
    tracker: TrackerChoice | None = None,
    out: Path | None = None,
    page: Path | None = None,
) -> "Results":
    """Print the tables of a results folder and write its reports.

    Args:
        folder: the results folder.
        console: prints the tables.
        tracker: also gets the finished cells.
        out: folder of the report; None is the results folder.
        page: the Markdown file; None is `report.md` in `out`.

    Returns:
        The results that were reported.

    Raises:
        StoreError: the folder holds no results.
        WriteError: a file cannot be written.
    """
    from benchmarks.store.files import WriteError, remove_abandoned
    from reports.analysis.results import read_results
    from reports.analysis.run_analysis import analyse
    from reports.figures.draw import gallery, write_figures
    from reports.render.class_tables import write_classes_csv
    from reports.render.html import write_html
    from reports.render.markdown import write_cells_csv, write_markdown
    from reports.render.terminal import print_tables

    analysis = analyse(read_results(folder))
    print_tables(analysis, console)
    drawings = gallery(analysis)
    out = out or folder
    try:
        out.mkdir(parents=True, exist_ok=True)
        remove_abandoned(out)
        if page is not None:
            remove_abandoned(page.parent, page.name)
        write_figures(out, drawings)
        for path in (
            write_cells_csv(out, analysis.results),
            write_classes_csv(out, analysis),
            write_markdown(out, analysis, drawings, page),
            write_html(out, analysis, drawings),
        ):
            print_line(console, f"wrote {path}")
        if tracker:
            from benchmarks.runs.tracking import track

            print_line(console, f"wrote {track(folder, tracker.value)}")
    except OSError as error:
        raise WriteError(f"the report cannot be written: {error.filename or folder}: {error.strerror}") from error
    return analysis.results


def _record(folder: Path, chosen: dict[str, float]) -> None:
    """Store choices of display with the run, so that the same files give the same report."""
    from benchmarks.store.lock import hold
    from benchmarks.store.results import Store

    store = Store(folder)
    store.read_run()  # a folder without a run gets no lock file
    with hold(folder, option=""):
        store.write_run(store.read_run() | chosen)
