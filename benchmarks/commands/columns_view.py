"""The columns of a table that could not be used, so that a user can name the right ones."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from benchmarks.commands.data_options import DataOptions
from benchmarks.commands.printing import print_line
from benchmarks.commands.suggestion import as_typed, run_words

if TYPE_CHECKING:
    from data.columns import ColumnFacts

LONGEST_EXAMPLE = 30
"""Characters."""


def print_columns(dataset: str, console: Console) -> None:
    """Print the columns of a table with an example each, and a command that names two of them.

    Nothing is printed where the dataset is no single file, or cannot be read at all.
    """
    import pandas as pd

    from data.columns import describe_columns
    from data.errors import DataError
    from data.tables import read_table
    from reports.render.terminal import print_frame

    path = Path(dataset)
    if not path.is_file():
        return
    try:
        facts = describe_columns(read_table(path).frame)
    except DataError:
        return
    rows = [
        {
            "column": one.name,
            "filled": f"{one.filled:,}",
            "different": f"{one.distinct:,}",
            "example": _short(one.example),
        }
        for one in facts
    ]
    print_frame(console, "Columns", pd.DataFrame(rows), names=("column", "example"))
    likely = _likely(facts)
    if likely is not None:
        text, label = likely
        words = run_words(DataOptions(dataset=dataset, text_column=text, label_column=label), "quick", (), {}, {})
        print_line(console, f"if {text!r} holds the texts and {label!r} the labels:\n{as_typed(words, console.width)}")


def _likely(facts: "Sequence[ColumnFacts]") -> tuple[str, str] | None:
    """Return the column with the longest texts, and among the others the one with the fewest values, two at least."""
    texts = max(facts, key=lambda one: one.words, default=None)
    labels = [one for one in facts if one is not texts and 1 < one.distinct < one.filled]
    if texts is None or not labels:
        return None
    return texts.name, min(labels, key=lambda one: one.distinct).name


def _short(example: str) -> str:
    line = " ".join(example.split())
    return line if len(line) <= LONGEST_EXAMPLE else f"{line[:LONGEST_EXAMPLE]}…"
