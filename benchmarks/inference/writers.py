"""Predictions of new texts, written as they come: as lines to read, JSON lines, CSV or Parquet."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.redaction import inert, plain
from benchmarks.store.files import opened, remove_abandoned

SHOWN = 100
"""Characters of a text that are shown."""


class Writer(ABC):
    """Writes frames with the columns row, label, a probability for each class, text."""

    def __init__(self, stream: BinaryIO, columns: Sequence[str]) -> None:
        """Write what comes before the first row."""
        self._stream, self._probabilities = stream, list(columns[2:-1])

    @abstractmethod
    def write(self, frame: pd.DataFrame) -> None:
        """Write some rows, and pass them on at once."""

    def close(self) -> None:  # noqa: B027  (most formats have no end)
        """Write what comes after the last row."""


class TextWriter(Writer):
    """A line per text: the label, its probability, and the beginning of the text."""

    def write(self, frame: pd.DataFrame) -> None:
        """Write some rows."""
        highest = frame[self._probabilities].max(axis=1)
        for label, probability, text in zip(frame["label"], highest, frame["text"], strict=True):
            shown = plain(text)
            shown = shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"
            self._stream.write(f"{plain(label)}\t{probability:.1%}\t{shown}\n".encode("utf-8", "replace"))
        self._stream.flush()


class JsonWriter(Writer):
    """A JSON object per line: row, label, probabilities by class, text."""

    def write(self, frame: pd.DataFrame) -> None:
        """Write some rows."""
        classes = [name.removeprefix("probability_") for name in self._probabilities]
        probabilities = frame[self._probabilities].to_numpy().tolist()
        rows = zip(frame["row"].tolist(), frame["label"], probabilities, frame["text"], strict=True)
        for row, label, values, text in rows:
            by_class = dict(zip(classes, values, strict=True))
            content = {"row": row, "label": label, "probabilities": by_class, "text": text}
            self._stream.write(f"{json.dumps(content)}\n".encode())
        self._stream.flush()


class CsvWriter(Writer):
    """A row per text, on one line; a text that a spreadsheet would calculate begins with an apostrophe."""

    def __init__(self, stream: BinaryIO, columns: Sequence[str]) -> None:
        super().__init__(stream, columns)
        self._write(pd.DataFrame(columns=[inert(name) for name in columns]), header=True)

    def write(self, frame: pd.DataFrame) -> None:
        """Write some rows."""
        texts = {name: frame[name].map(inert) for name in ("label", "text")}
        self._write(frame.assign(**texts), header=False)

    def _write(self, frame: pd.DataFrame, *, header: bool) -> None:
        content = frame.to_csv(index=False, header=header, lineterminator="\n")
        self._stream.write(content.encode("utf-8", "replace"))
        self._stream.flush()


class ParquetWriter(Writer):
    """A table with the very texts that came in."""

    def __init__(self, stream: BinaryIO, columns: Sequence[str]) -> None:
        super().__init__(stream, columns)
        probabilities = [(name, pa.float64()) for name in self._probabilities]
        types = [("row", pa.int64()), ("label", pa.string()), *probabilities, ("text", pa.string())]
        self._schema = pa.schema(types)
        self._table = pq.ParquetWriter(stream, self._schema)

    def write(self, frame: pd.DataFrame) -> None:
        """Write some rows."""
        self._table.write_table(pa.Table.from_pandas(frame, self._schema, preserve_index=False))

    def close(self) -> None:
        """Write the table's footer, without which it cannot be read."""
        self._table.close()


WRITERS: dict[str, type[Writer]] = {
    "text": TextWriter,
    "json": JsonWriter,
    "csv": CsvWriter,
    "parquet": ParquetWriter,
}


@contextmanager
def writing(path: Path, format_: str, columns: Sequence[str]) -> Iterator[Writer]:
    """Yield a writer into a file that appears under its name when the block ends without an error.

    Raises:
        WriteError: it cannot be written.
    """
    remove_abandoned(path.parent, path.name)
    with opened(path) as stream:
        writer = WRITERS[format_](stream, columns)
        try:
            yield writer
        finally:
            writer.close()  # before the stream, or a table that is given up complains on its own
