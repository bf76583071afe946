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
from reports.render.accuracy_tables import accuracy_table
from reports.render.cost_tables import limit_table, throughput_table
from reports.render.headline import caveats, headlines, warnings

WIDEST = 1_000
"""Characters."""

MOST_STEPS = 20
"""Models of one training size that are set beside the cheapest."""


def print_tables(analysis: Analysis, console: Console) -> None:
    """Print the answer with what limits it, then accuracy, throughput and its limit."""
    results = analysis.results
    dataset = results.run["dataset"]["name"]
    title = f"Accuracy on {dataset}, 95 % interval; differences in points, within their family"
    print_frame(console, title, accuracy_table(analysis))
    title = f"Throughput on {results.run['device']}, {results.run['precision']}"
    print_frame(console, title, throughput_table(analysis))
    print_frame(console, "Against this machine's own limit", limit_table(analysis))
    if results.ok and not analysis.noise.busy:
        _print_line(console, analysis.noise.sentence)
    for headline in headlines(analysis):
        _print_line(console, f"With {headline.train_size:,} training reviews: {headline.sentence}")
    for ladder in analysis.ladders:
        for sentence in (ladder.sentence, *(step.sentence for step in ladder.steps[:MOST_STEPS])):
            _print_line(console, sentence)
        if len(ladder.steps) > MOST_STEPS:
            _print_line(console, f"... and {len(ladder.steps) - MOST_STEPS} more models; the report has them all.")
    for sentence in [*(one.sentence for one in analysis.unread), *caveats(analysis)]:
        _print_line(console, sentence)
    for sentence in warnings(analysis):
        _print_line(console, f"Warning: {sentence}")


def _print_line(console: Console, sentence: str) -> None:
    console.print(formats.plain(sentence), markup=False, highlight=False, soft_wrap=True)


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
