"""Terminal output of a run: its data at the start, the main tables at the end."""

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from reports import formats
from reports.analysis.run_analysis import Analysis
from reports.render import recommendation_words as words
from reports.render.candidates import short_table
from reports.render.headline import title, warnings

NUMBER = re.compile(r"[\d,.]+|" + formats.NOT_MEASURED)

UNDERSCORE = re.compile("(?<=_)")

GAP = 2
"""Characters between columns."""

NARROWEST_NAME = 12
WIDEST = 1_000
"""Characters."""


def print_tables(analysis: Analysis, console: Console) -> None:
    """Print the decision, one table of 80 columns and warnings; the report has the rest."""
    found = analysis.recommendation
    if found is None:
        return
    print_sentence(console, words.decision(found), style="bold")
    console.print(Text(""))
    caption = f"{title(analysis)}; 95 % intervals, in [ ] the range of few timings"
    print_frame(console, caption, short_table(found), names=("verdict", "candidate"))
    print_sentence(console, words.baselines(found))
    for _, sentence in warnings(analysis):
        print_sentence(console, f"Warning: {sentence}", style="yellow")


def print_facts(heading: str, provenance: Mapping[str, str | int], console: Console) -> None:
    """Print facts of the data, wrapped; digests of files are left to the report."""
    print_sentence(console, heading)
    for key, value in provenance.items():
        if not key.startswith("sha256"):
            print_sentence(console, f"{key}: {value}", indent="  ")


def print_frame(console: Console, title: str, frame: pd.DataFrame, names: Sequence[str] = ()) -> None:
    """Print a table; headings break into lines, figures never do.

    Args:
        console: where to print.
        title: above the table.
        frame: the table.
        names: columns of names, which break into lines where the table would be wider than the console.
    """
    if frame.empty:
        return
    columns = {name: [formats.plain(value) for value in frame[name]] for name in frame.columns}
    widths = {name: max(map(len, (*values, *name.split()))) for name, values in columns.items()}
    excess = sum(widths.values()) + GAP * (len(widths) - 1) - console.width
    for name in names:
        room = max(widths[name] - max(excess, 0), NARROWEST_NAME)
        columns[name] = [_folded(value, room) for value in columns[name]]
        narrowed = max(len(line) for value in columns[name] for line in value.split("\n"))
        excess -= widths[name] - narrowed
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, GAP - 1, 0, 0))
    for name, values in columns.items():
        numbers = all(NUMBER.fullmatch(value) for value in values)
        table.add_column(_heading(name, values), no_wrap=True, justify="right" if numbers else "left")
    for row in zip(*columns.values(), strict=True):
        table.add_row(*map(Text, row))
    print_sentence(console, title)
    # A figure broken over two lines misleads; a narrow terminal breaks whole lines instead.
    width = console.width
    console.width = max(Measurement.get(console, console.options.update(width=WIDEST), table).maximum, width)
    console.print(table)
    console.width = width
    console.print()


def _folded(value: str, width: int) -> str:
    """Break a name into lines of at most `width` characters between its parts, and at `_` only where it must."""
    lines = [""]
    for part in formats.name_parts(value):
        for piece in UNDERSCORE.split(part) if len(part.rstrip()) > width else [part]:
            if lines[-1] and len(lines[-1]) + len(piece.rstrip()) > width:
                lines.append("")
            lines[-1] += piece
    return "\n".join(line.rstrip() for line in lines)


def _heading(name: str, values: Iterable[str]) -> Text:
    """Break a column's heading into lines no wider than its values, or than its longest word."""
    width = max(map(len, [*name.split(), *(line for value in values for line in value.split("\n"))]))
    return Text("\n".join(textwrap.wrap(name, width, break_long_words=False, break_on_hyphens=False)))


def print_sentence(console: Console, sentence: str, indent: str = "", style: str = "") -> None:
    """Print a sentence wrapped at the width of the console; continuation lines are indented further."""
    lines = textwrap.wrap(
        formats.plain(sentence),
        console.width,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in lines:
        console.print(Text(line, style=style), soft_wrap=True)
