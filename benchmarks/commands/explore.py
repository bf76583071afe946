"""`explore`: look at the data before training."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.commands.columns_view import print_columns
from benchmarks.commands.data_options import DataOptions
from benchmarks.commands.data_view import with_flags
from benchmarks.commands.exit_status import ExitStatus
from benchmarks.commands.options import Plugins, add_plugins
from benchmarks.commands.printing import PipeConsole, print_line
from benchmarks.commands.suggestion import as_typed, run_words
from benchmarks.config.suite import read_suite
from benchmarks.errors import UsageError, complain


def explore(
    data: DataOptions,
    suite: Annotated[str, typer.Option(metavar="NAME|FILE.toml", help="Suite whose data section is used.")] = "quick",
    plugin: Plugins = None,
    near_duplicates: Annotated[
        bool,
        typer.Option(
            "--near-duplicates/--no-near-duplicates", help="Look for test texts that nearly are training texts; slow."
        ),
    ] = True,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the report.")] = Path("results") / "explore",
) -> int:
    """Describe a dataset before training on it.

    Counts, lengths, tokens, leaks, the words most typical of each class, and odd texts; then the `run` command that
    reads the data so. If the data cannot be used, it lists every problem and the columns.

    Examples: `python -m benchmarks explore` ·
    `python -m benchmarks explore --dataset reviews.csv --label-column stars`
    """
    add_plugins(plugin)
    chosen = data.applied_to(read_suite(suite).data)
    console = PipeConsole()
    print_line(console, "Loading ...")

    from benchmarks.config.datasets import load_dataset
    from benchmarks.runs.explore import explore as describe
    from reports.render.exploration import print_exploration, write_exploration

    try:
        dataset = load_dataset(chosen)
    except UsageError as error:
        return _report_problems(error, console)
    exploration = describe(dataset, nearly=near_duplicates)
    exploration = exploration.model_copy(update={"notes": [with_flags(note) for note in exploration.notes]})
    print_exploration(exploration, console)
    for path in write_exploration(exploration, out):
        print_line(console, f"wrote {path}")
    counts = {
        name: sum(split.by_class[i] for split in exploration.splits) for i, name in enumerate(exploration.classes)
    }
    words = run_words(data, suite, plugin or (), dataset.provenance, counts)
    print_line(console, f"to train on it:\n{as_typed(words, console.width)}")
    return ExitStatus.OK


def _report_problems(error: UsageError, console: Console) -> ExitStatus:
    """Print every problem of the data, and its columns where it is a table that can be read."""
    for problem in error.problems:
        complain(with_flags(UsageError(problem, option=error.option, value=error.value).named("--dataset ")))
    print_columns(str(error.value), console)
    return ExitStatus.USAGE
