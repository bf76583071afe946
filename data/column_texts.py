"""The texts of a file, one at a time: a file of any size is read in little memory, row for row as training reads it."""

from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data.columns import choose_column
from data.errors import DataError
from data.memory import at_most, available
from data.records import COMPRESSIONS, SEPARATORS, Delimited, column_text, json_objects, open_bytes, text_lines
from data.tables import kind_of, read_table, readable

LONGEST_LINE = 32 << 20
"""Characters of a line at most: without an end of line, a file would fill the memory."""

BATCH = 1_024
"""Rows of a Parquet file that are read at a time."""


def column_texts(path: Path, column: str | None) -> Iterator[str]:
    """Yield the text of every row of a table, an empty one where the row's text is empty.

    Args:
        path: CSV, TSV, JSON or Parquet; plain, `.gz` or `.zst`.
        column: the texts' column; None recognises it by its name.

    Raises:
        DataError: the file cannot be read, has no such column, or a row has no text; the message names its line.
    """
    kind = kind_of(path)
    with readable(path, kind):
        if kind == ".json":
            table = read_table(path)
            name = choose_column(path.name, table.frame.columns, "text", column)
            for index, value in enumerate(table.frame[name].tolist()):
                yield _text(value, path.name, table.place(index))
            return
        # A compressed Parquet file has to be unpacked whole.
        with open_bytes(path, most=available() // 2 if kind == ".parquet" else None) as stream:
            if not stream.peek(1):
                raise DataError(f"{path.name} is empty")
            reader = {".jsonl": _from_jsonl, ".parquet": _from_parquet}.get(kind, _from_delimited)
            for place, value in reader(stream, path, column):
                yield _text(value, path.name, place)


def _from_delimited(stream: BufferedReader, path: Path, column: str | None) -> Iterator[tuple[str, object]]:
    rows = Delimited(
        path.name, text_lines(stream, path.name, newline="", longest=LONGEST_LINE), SEPARATORS[kind_of(path)]
    )
    index = rows.header.index(choose_column(path.name, rows.header, "text", column))
    for row in rows:
        yield f"line {row.line}", row.fields[index]


def _from_jsonl(stream: BufferedReader, path: Path, column: str | None) -> Iterator[tuple[str, object]]:
    for number, value in json_objects(text_lines(stream, path.name, newline="\n", longest=LONGEST_LINE), path.name):
        if column is None:
            column = choose_column(path.name, value, "text", None)
        if column not in value:
            raise DataError(
                f"{path.name}: line {number}: `text_column` {column!r}: no such key (choices: {', '.join(value)})"
            )
        yield f"line {number}", value[column]


def _from_parquet(stream: BufferedReader, path: Path, column: str | None) -> Iterator[tuple[str, object]]:
    compressed = path.suffix.lower() in COMPRESSIONS
    with at_most(available() // 2):  # where it is opened decides which memory it uses
        opened = pq.ParquetFile(pa.BufferReader(stream.read()) if compressed else path)
    with opened as file:
        name = choose_column(path.name, file.schema_arrow.names, "text", column)
        row, batches = 0, file.iter_batches(batch_size=BATCH, columns=[name])
        while values := _next_values(batches):
            for value in values:
                yield f"row {row}", value
                row += 1


def _next_values(batches: Iterator[pa.RecordBatch]) -> list[object]:
    """The next batch; none at the end. A thousand rows of a file of a kilobyte may be gigabytes."""
    with at_most(available() // 2):
        batch = next(batches, None)
        return [] if batch is None else list(batch.column(0).to_pylist())


def _text(value: object, name: str, place: str) -> str:
    try:
        text = column_text(value)
    except DataError as error:
        raise DataError(f"{name}, {place}: {error}") from None
    if text is None:
        raise DataError(f"{name}: {place} has no text")
    return text
