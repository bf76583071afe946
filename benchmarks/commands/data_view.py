"""The data of a run on the terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console

from benchmarks.commands.printing import print_wrapped
from benchmarks.redaction import plain
from data.errors import respelt

if TYPE_CHECKING:
    from data.dataset import Dataset

MOST_CLASSES = 12
"""Classes that are listed by name."""


def print_data(console: Console, dataset: "Dataset", *, flags: bool = True) -> None:
    """Print the sizes of the splits, how they were made, and the notes on the data.

    Digests of files are left to the report.

    Args:
        console: where to print.
        dataset: the data.
        flags: whether notes spell options as on the command line (`--text-column`), or as in Python (`text_column`).
    """
    spelt = with_flags if flags else with_names
    sizes = f"{len(dataset.train):,} training, {len(dataset.valid):,} validation, {len(dataset.test):,} test"
    facts = {"texts": sizes, "classes": _listed(dataset.test.class_names), **dataset.provenance}
    print_wrapped(console, f"data: {plain(dataset.name)}")
    for key, value in facts.items():
        if not key.startswith("sha256"):
            print_wrapped(console, f"{plain(key)}: {plain(value)}", indent="  ")
    for note in dataset.notes:
        print_wrapped(console, f"note: {spelt(plain(note))}", style="yellow")


def with_flags(note: str) -> str:
    """Return a note on the data with the options it names spelt as on the command line."""
    return respelt(note, lambda option: f"--{option.replace('_', '-')}")


def with_names(note: str) -> str:
    """Return a note on the data with the options it names spelt as arguments in Python."""
    return respelt(note, str)


def _listed(names: Sequence[str]) -> str:
    more = [f"and {len(names) - MOST_CLASSES} more"] if len(names) > MOST_CLASSES else []
    return ", ".join([*names[:MOST_CLASSES], *more])
