"""Writers of predictions as they come: readable lines, JSON lines, CSV or Parquet."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.inference.predict import PREFIX
from benchmarks.redaction import is_formula, plain
from benchmarks.store.files import opened, remove_abandoned

SHOWN = 100
"""Characters of a text in readable lines."""


class Writer(ABC):
    """Writes frames with the columns row, label, a probability for each class, text.

    Attributes:
        quoted: values that a spreadsheet would have calculated, written with an apostrophe before them.
    """

    def __init__(self, stream: BinaryIO, columns: Sequence[str]) -> None:
        """Write the header."""
        self._stream, self._probabilities = stream, list(columns[2:-1])
        self.quoted = 0

    @abstractmethod
    def write(self, frame: pd.DataFrame) -> None:
        """Write some rows, and flush them."""

    def note(self, facts: Mapping[str, str]) -> None:  # noqa: B027  (most formats have no place for them)
        """Keep facts beside the rows."""

    def close(self) -> None:  # noqa: B027  (most formats have no end)
        """Write the footer."""


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
        classes = [name.removeprefix(PREFIX) for name in self._probabilities]
        probabilities = frame[self._probabilities].to_numpy().tolist()
        rows = zip(frame["row"].tolist(), frame["label"], probabilities, frame["text"], strict=True)
        for row, label, values, text in rows:
            by_class = dict(zip(classes, values, strict=True))
            content = {"row": row, "label": label, "probabilities": by_class, "text": text}
            self._stream.write(f"{json.dumps(content)}\n".encode())
        self._stream.flush()


class CsvWriter(Writer):
    """A row per text.

    A value that a spreadsheet would calculate gets an apostrophe before it; numbers, such as the label -1, do not.
    Texts are put on one line, and labels stay as they are, since they are joined on.
    """

    def __init__(self, stream: BinaryIO, columns: Sequence[str]) -> None:
        super().__init__(stream, columns)
        self._write(pd.DataFrame(columns=list(columns)), header=True)

    def write(self, frame: pd.DataFrame) -> None:
        """Write some rows."""
        labels, texts = frame["label"].map(self._inert), frame["text"].map(plain).map(self._inert)
        self._write(frame.assign(label=labels, text=texts), header=False)

    def _inert(self, value: str) -> str:
        if not is_formula(value):
            return value
        self.quoted += 1
        return f"'{value}"

    def _write(self, frame: pd.DataFrame, *, header: bool) -> None:
        content = frame.to_csv(index=False, header=header, lineterminator="\n")
        self._stream.write(content.encode("utf-8", "replace"))
        self._stream.flush()


class ParquetWriter(Writer):
    """A table with the texts exactly as they came in."""

    def __init__(self, stream: BinaryIO, columns: Sequence[str]) -> None:
        super().__init__(stream, columns)
        probabilities = [(name, pa.float64()) for name in self._probabilities]
        types = [("row", pa.int64()), ("label", pa.string()), *probabilities, ("text", pa.string())]
        self._schema = pa.schema(types)
        self._table = pq.ParquetWriter(stream, self._schema)

    def write(self, frame: pd.DataFrame) -> None:
        """Write some rows."""
        self._table.write_table(pa.Table.from_pandas(frame, self._schema, preserve_index=False))

    def note(self, facts: Mapping[str, str]) -> None:
        """Keep facts in the table's footer."""
        self._table.add_key_value_metadata(dict(facts))

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
def writing_predictions(path: Path, format_: str, columns: Sequence[str]) -> Iterator[Writer]:
    """Yield a writer into a file that takes the name `path` when the block ends without an error.

    Raises:
        WriteError: the file cannot be written.
    """
    remove_abandoned(path.parent, path.name)
    with opened(path) as stream:
        writer = WRITERS[format_](stream, columns)
        try:
            yield writer
        finally:
            writer.close()  # before the stream, or pyarrow warns of a table that was given up
