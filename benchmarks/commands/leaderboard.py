"""`leaderboard`: several datasets, one verdict."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.commands.exit_status import ExitStatus
from benchmarks.commands.printing import PipeConsole, print_line
from benchmarks.errors import UsageError, unknown


def leaderboard(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN..", help="Results folders, or the folder of several.")],
    metric: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="accuracy, macro_f1, balanced_accuracy, average_precision, log_loss or cost. Default: the runs' own.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write it here. Default: the folder that holds the runs.")
    ] = None,
) -> int:
    """Rank the models of runs on several datasets.

    Mean rank, win rate and the share of the gap to the best that each closes, with intervals over datasets; tests over
    datasets; costs; and which differences this number of datasets is too small to show. Written as Markdown, HTML and
    CSV.

    Examples: `python -m benchmarks leaderboard results/collection` ·
    `python -m benchmarks leaderboard results/films results/mails results/tools --metric macro_f1`
    """
    if metric is not None:
        from reports.analysis.metric_figures import METRICS

        if metric not in METRICS:
            raise unknown("metric", metric, METRICS)
    write_leaderboard(runs, out or _beside(runs), PipeConsole(), metric)
    return ExitStatus.OK


def write_leaderboard(runs: Sequence[Path], out: Path, console: Console, metric: str | None = None) -> None:
    """Print the leaderboard of results folders, or of the folders that hold them, and write it.

    Raises:
        StoreError: a folder holds no results, or the runs do not belong together.
        WriteError: a file cannot be written.
    """
    from benchmarks.store.collection import gathered
    from reports.analysis.leaderboard import leaderboard as rank
    from reports.analysis.results import read_results
    from reports.render.leaderboard import write
    from reports.render.leaderboard_terminal import print_leaderboard

    found = gathered(runs)
    board = rank([read_results(folder) for folder in found.folders], metric, found.unreadable)
    print_leaderboard(board, console)
    for path in write(board, out):
        print_line(console, f"wrote {path}")


def _beside(runs: Sequence[Path]) -> Path:
    """Return the folder of a collection, or the one folder that all runs lie in."""
    if len(runs) == 1 and not (runs[0] / "run.json").exists():
        return runs[0]
    parents = {run.absolute().parent for run in runs}
    if len(parents) > 1:
        raise UsageError("the runs lie in several folders: name the folder of the leaderboard with --out")
    return runs[0].parent
