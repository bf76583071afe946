"""Predictions for new texts, block by block."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from benchmarks.errors import UsageError
from data.arrays import FloatArray

FORMATS = {".txt": "text", ".json": "json", ".jsonl": "json", ".csv": "csv", ".parquet": "parquet"}
"""Extension of an output file -> its format."""

PREFIX = "probability_"
"""Begins the name of a class's column."""

UNCERTAIN = "uncertain"
"""The label of a text that is left to a person."""


def predict(
    score: Callable[[Sequence[str]], FloatArray],
    classes: Sequence[str],
    blocks: Iterable[Sequence[str]],
    least: float = 0.0,
) -> Iterator[pd.DataFrame]:
    """Score one block of texts after another, with one block in memory.

    Args:
        score: maps N texts to (N, C) probabilities.
        classes: the C class names.
        blocks: the texts.
        least: probability of the label below which it is "uncertain" instead.

    Yields:
        For each block a frame with the columns of `columns(classes)`.
    """
    row = 0
    for texts in blocks:
        probabilities = score(texts)
        by_class = {probability_column(name): probabilities[:, index] for index, name in enumerate(classes)}
        answered = probabilities.max(axis=1) >= least
        labels = [
            classes[index] if sure else UNCERTAIN
            for index, sure in zip(probabilities.argmax(axis=1), answered, strict=True)
        ]
        yield pd.DataFrame({"row": range(row, row + len(texts)), "label": labels, **by_class, "text": list(texts)})
        row += len(texts)


def columns(classes: Sequence[str]) -> list[str]:
    """Name the columns of predictions: row (from 0), label, a probability per class, text (as it came in)."""
    return ["row", "label", *map(probability_column, classes), "text"]


def probability_column(name: str) -> str:
    """Name the column of a class's probability."""
    return f"{PREFIX}{name}"


def progress(frames: Iterable[pd.DataFrame], total: int | None, console: Console) -> Iterator[pd.DataFrame]:
    """Pass frames on, and show a progress bar on a terminal.

    Args:
        frames: the predictions.
        total: number of texts; None if it is not known.
        console: of the bar.
    """
    shown = (TextColumn("{task.completed:,.0f} texts"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*shown, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("texts", total=total)
        for frame in frames:
            yield frame
            bar.advance(task, len(frame))


def output_format(requested: str | None, output: Path | None) -> str:
    """Choose the format: the requested one, else that of the output's extension, else text.

    Raises:
        UsageError: the extension is unknown, or Parquet would go to a terminal.
    """
    if requested is None and output is not None and output.suffix not in FORMATS:
        choices = f"a name that ends in {', '.join(FORMATS)}, or an explicit format"
        raise UsageError(f"its extension names no format (choices: {choices})", option="output", value=output)
    if requested == "parquet" and output is None:
        raise UsageError("Parquet needs an output file", option="format", value=requested)
    return requested or (FORMATS[output.suffix] if output else "text")


def check_output(output: Path | None, source: Path | None) -> None:
    """Check that a file can be written there, and that it is not the input.

    Raises:
        UsageError: it cannot, or it is.
    """
    if output is None:
        return
    folder = output.absolute().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        finding = "cannot be written to" if folder.is_dir() else "does not exist"
        raise UsageError(f"folder {str(folder)!r} {finding}", option="output", value=output)
    if output.exists() and not output.is_file():
        detail = "not a regular file (choices: the name of a file, or no output file for a pipe)"
        raise UsageError(detail, option="output", value=output)
    if source is not None and output.exists() and source.exists() and output.samefile(source):
        raise UsageError("it is the input: name another file", option="output", value=output)
