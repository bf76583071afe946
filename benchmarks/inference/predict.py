"""Texts in, labels and probabilities out, block by block."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from benchmarks.errors import UsageError
from models.model import FloatArray

FORMATS = {".txt": "text", ".json": "json", ".jsonl": "json", ".csv": "csv", ".parquet": "parquet"}
"""What the end of an output's name says."""


def predict(
    score: Callable[[Sequence[str]], FloatArray], classes: Sequence[str], blocks: Iterable[Sequence[str]]
) -> Iterator[pd.DataFrame]:
    """Score one block of texts after the other, and hold no more than one.

    Args:
        score: N texts -> (N, C) probabilities.
        classes: the C class names.
        blocks: the texts.

    Yields:
        For each block a frame with the columns of `columns(classes)`.
    """
    row = 0
    for texts in blocks:
        probabilities = score(texts)
        named = {probability_column(name): probabilities[:, index] for index, name in enumerate(classes)}
        labels = [classes[index] for index in probabilities.argmax(axis=1)]
        yield pd.DataFrame({"row": range(row, row + len(texts)), "label": labels, **named, "text": list(texts)})
        row += len(texts)


def columns(classes: Sequence[str]) -> list[str]:
    """Row (from 0), label, a probability for each class, text (as it came in)."""
    return ["row", "label", *map(probability_column, classes), "text"]


def probability_column(name: str) -> str:
    """The column of a class's probability."""
    return f"probability_{name}"


def progress(frames: Iterable[pd.DataFrame], total: int | None, console: Console) -> Iterator[pd.DataFrame]:
    """Pass the frames on, and show on a terminal how many texts of `total` are done; None: nobody knows how many."""
    shown = (TextColumn("{task.completed:,.0f} texts"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*shown, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("texts", total=total)
        for frame in frames:
            yield frame
            bar.advance(task, len(frame))


def output_format(asked: str | None, output: Path | None) -> str:
    """The format asked for, else the one that the output's name says, else text.

    Raises:
        UsageError: the name says none, or Parquet would go to a terminal.
    """
    if asked is None and output is not None and output.suffix not in FORMATS:
        choices = f"a name that ends in {', '.join(FORMATS)}, or --format"
        raise UsageError(f"--output {str(output)!r}: its name says no format (choices: {choices})")
    if asked == "parquet" and output is None:
        raise UsageError("--format 'parquet' is a file's: name it with --output")
    return asked or (FORMATS[output.suffix] if output else "text")


def check_output(output: Path | None, source: Path | None) -> None:
    """Make sure that a file can be written there, and that it is not the one that is read.

    Raises:
        UsageError: it cannot, or it is.
    """
    if output is None:
        return
    folder = output.absolute().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        what = "cannot be written to" if folder.is_dir() else "does not exist"
        raise UsageError(f"--output {str(output)!r}: folder {str(folder)!r} {what}")
    if output.exists() and not output.is_file():
        raise UsageError(f"--output {str(output)!r} is not a file (choices: a file's name, or no --output for a pipe)")
    if source is not None and output.exists() and source.exists() and output.samefile(source):
        raise UsageError(f"--output {str(output)!r} is --input itself: name another file")
