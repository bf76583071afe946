"""What a run prints: its data at the start, the main tables at the end."""

from collections.abc import Mapping

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from reports import formats
from reports.analysis.run_analysis import Analysis
from reports.render.headline import one_training
from reports.render.tables import accuracy_table, limit_table, throughput_table

WIDEST = 1_000
"""Characters."""


def print_tables(analysis: Analysis, console: Console) -> None:
    """Print accuracy, throughput and its limit."""
    results = analysis.results
    dataset = results.run["dataset"]["name"]
    print_frame(console, f"Accuracy on {dataset}, 95 % interval (rank; = is shared)", accuracy_table(analysis))
    title = f"Throughput on {results.run['device']}, {results.run['precision']}"
    print_frame(console, title, throughput_table(analysis))
    print_frame(console, "Against this machine's own limit", limit_table(analysis))
    if results.ok:
        console.print(formats.plain(analysis.noise.sentence), markup=False, highlight=False, soft_wrap=True)
    steps = [s for ladder in analysis.ladders for s in (ladder.sentence, *(step.sentence for step in ladder.steps))]
    for sentence in filter(None, [*steps, *(one.sentence for one in analysis.unread), one_training(analysis)]):
        console.print(formats.plain(sentence), markup=False, highlight=False, soft_wrap=True)
    console.print(f"{len(results.ok)} of {len(results.run['planned'])} cells ended ok", highlight=False)


def print_facts(heading: str, provenance: Mapping[str, str | int], console: Console) -> None:
    """Print what was read, and what was made of it; digests of files are left to the report."""
    facts = [f"  {key}: {value}" for key, value in provenance.items() if not key.startswith("sha256")]
    for line in (heading, *facts):
        indent = line[: len(line) - len(line.lstrip())]
        console.print(indent + formats.plain(line), markup=False, highlight=False, soft_wrap=True)


def print_frame(console: Console, title: str, frame: pd.DataFrame) -> None:
    """Print a table whose figures are never broken over two lines."""
    table = Table(title=_text(title), title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for name in frame.columns:
        table.add_column(_text(name), no_wrap=True)
    for row in frame.itertuples(index=False):
        table.add_row(*map(_text, row))
    if len(frame):
        # A figure broken over two lines misleads; a narrow terminal breaks whole lines instead.
        natural = Measurement.get(console, console.options.update(width=WIDEST), table).maximum
        Console(file=console.file, width=max(natural, console.width)).print(table)


def _text(value: object) -> Text:
    """Without rich's markup or the terminal's control codes."""
    return Text(formats.plain(value))
