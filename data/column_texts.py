"""The texts of a file, one at a time: a file of any size is read in little memory, row for row as training reads it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BufferedReader
from itertools import chain, islice
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data.archive import ZIP
from data.cleaning import is_unicode
from data.columns import LOOKED_AT, choose_text
from data.errors import DataError
from data.memory import at_most, available
from data.records import COMPRESSIONS, SEPARATORS, Delimited, column_text, json_objects, open_bytes, text_lines
from data.tables import kind_of, read_table, readable

LONGEST_LINE = 32 << 20
"""Characters of a line at most: without an end of line, a file would fill the memory."""

BATCH = 1_024
"""Rows of a Parquet file that are read at a time."""

WHOLE = (".json", ".xlsx")
"""Kinds of tables that cannot be read in parts."""


def _keep_quiet(line: str) -> None:
    """Say nothing."""


def column_texts(path: Path, column: str | None, say: Callable[[str], None] = _keep_quiet) -> Iterator[str]:
    """Yield the text of every row of a table, an empty one where the row's text is empty.

    Args:
        path: CSV, TSV, JSON, Parquet or Excel; plain, `.gz`, `.zst`, or the only table of a `.zip`.
        column: the texts' column; None recognises it by its name, and where that fails by its content.
        say: is told which column was recognised, before the first text.

    Raises:
        DataError: the file cannot be read, has no such column, or a row has no text or one that UTF-8 cannot encode;
            the message names its line.
    """
    kind = kind_of(path)
    wanted = Wanted(path.name, column, say)
    with readable(path, kind):
        if kind in WHOLE:
            table = read_table(path)
            name = wanted.of(table.frame.columns, table.frame)
            for index, value in enumerate(table.frame[name].tolist()):
                yield _text(value, path.name, table.place(index))
            return
        # A compressed Parquet file has to be unpacked whole.
        with open_bytes(path, most=available() // 2 if kind == ".parquet" else None) as stream:
            if not stream.peek(1):
                raise DataError(f"{path.name} is empty")
            reader = {".jsonl": _from_jsonl, ".parquet": _from_parquet}.get(kind, _from_delimited)
            for place, value in reader(stream, path, wanted):
                yield _text(value, path.name, place)


@dataclass(frozen=True)
class Wanted:
    """The column of texts that a user wants of a table.

    Attributes:
        title: the table's, for messages.
        column: named by the user; None recognises it.
        say: is told which one was recognised.
    """

    title: str
    column: str | None
    say: Callable[[str], None]

    def of(self, columns: Iterable[object], head: pd.DataFrame) -> str:
        """Return the column, judged by its name and by some rows.

        Raises:
            DataError: it is not there, or cannot be recognised.
        """
        found, how = choose_text(self.title, columns, head, self.column)
        if self.column is None:
            self.say(f"texts are in the column {found!r} of {self.title}, by its {how}")
        return found


def _from_delimited(stream: BufferedReader, path: Path, wanted: Wanted) -> Iterator[tuple[str, object]]:
    lines = text_lines(stream, path, newline="", longest=LONGEST_LINE)
    rows = Delimited(path.name, lines, SEPARATORS[kind_of(path)])
    remaining = iter(rows)
    head = [] if wanted.column is not None else list(islice(remaining, LOOKED_AT))
    names = pd.Index(rows.header)
    index = rows.header.index(wanted.of(names, pd.DataFrame([row.fields for row in head], columns=names, dtype=object)))
    for row in chain(head, remaining):
        yield f"line {row.line}", row.fields[index]


def _from_jsonl(stream: BufferedReader, path: Path, wanted: Wanted) -> Iterator[tuple[str, object]]:
    objects = json_objects(text_lines(stream, path, newline="\n", longest=LONGEST_LINE), path.name)
    head = list(islice(objects, LOOKED_AT if wanted.column is None else 1))
    columns = dict.fromkeys(key for _, value in head for key in value)
    column = wanted.column or wanted.of(columns, pd.DataFrame([value for _, value in head], dtype=object))
    for number, value in chain(head, objects):
        if column not in value:
            raise DataError(
                f"{path.name}: line {number}: `text_column` {column!r}: no such key (choices: {', '.join(value)})"
            )
        yield f"line {number}", value[column]


def _from_parquet(stream: BufferedReader, path: Path, wanted: Wanted) -> Iterator[tuple[str, object]]:
    compressed = path.suffix.lower() in {*COMPRESSIONS, ZIP}
    with at_most(available() // 2):  # where it is opened decides which memory it uses
        opened = pq.ParquetFile(pa.BufferReader(stream.read()) if compressed else path)
    with opened as file:
        name = wanted.of(file.schema_arrow.names, _head(file) if wanted.column is None else pd.DataFrame())
        row, batches = 0, file.iter_batches(batch_size=BATCH, columns=[name])
        while values := _next_values(batches):
            for value in values:
                yield f"row {row}", value
                row += 1


def _head(file: pq.ParquetFile) -> pd.DataFrame:
    """Return the first rows, by which a column is recognised."""
    with at_most(available() // 2):
        batch = next(file.iter_batches(batch_size=LOOKED_AT), None)
        return pd.DataFrame() if batch is None else batch.to_pandas(ignore_metadata=True)


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
    if not is_unicode(text):
        raise DataError(f"{name}: {place} holds half a character (a surrogate), which UTF-8 cannot encode")
    return text
