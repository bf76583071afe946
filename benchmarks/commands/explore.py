"""`explore`: look at the data before training."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.commands import exit_codes
from benchmarks.commands.data_options import (
    DatasetOption,
    GroupColumn,
    LabelColumn,
    LabelMap,
    Splits,
    TextColumn,
    with_options,
)
from benchmarks.commands.options import Plugins, add_plugins
from benchmarks.commands.saying import say
from benchmarks.config.suite import read_suite
from benchmarks.errors import UsageError


def explore(
    suite: Annotated[str, typer.Option(metavar="NAME|FILE.toml", help="Whose data.")] = "quick",
    dataset: DatasetOption = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    group_column: GroupColumn = None,
    label_map: LabelMap = None,
    splits: Splits = None,
    plugin: Plugins = None,
    near_duplicates: Annotated[
        bool, typer.Option("--near-duplicates/--no-near-duplicates", help="Looking for them takes longest.")
    ] = True,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the report goes.")] = Path("results") / "explore",
) -> int:
    """Look at the data before training: counts, lengths, tokens, leaks, telling words, odd texts.

    Examples: `python -m benchmarks explore` ·
    `python -m benchmarks explore --dataset reviews.csv --label-column stars`
    """
    add_plugins(plugin)

    from benchmarks.config.datasets import load_dataset
    from benchmarks.runs.explore import explore as look
    from benchmarks.store.results import StoreError
    from reports.render.exploration import print_exploration, write_exploration

    data = with_options(read_suite(suite).data, dataset, text_column, label_column, group_column, label_map, splits)
    found = look(load_dataset(data), nearly=near_duplicates)
    console = Console()
    print_exploration(found, console)
    try:
        for path in write_exploration(found, out):
            say(console, f"wrote {path}")
    except StoreError as error:
        raise UsageError(f"--out {str(out)!r}: {error}") from None
    return exit_codes.OK
