"""Tables in files (CSV, TSV, JSON, Parquet, Excel; plain, gzip, zstd or zip): all of their rows at once."""

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import ArrowException

from data.archive import ZIP, table_in
from data.arrays import IntArray
from data.errors import DataError
from data.excel import read_sheet
from data.memory import at_most, available
from data.records import COMPRESSIONS, SEPARATORS, Delimited, json_objects, misfit, open_bytes, text_lines


@dataclass(frozen=True)
class Table:
    """All rows of one or more files.

    Attributes:
        frame: N rows; a cell is None or "" where there is nothing.
        places: (N,) lines or rows of their files, where they begin.
        unit: what `places` count: "line" or "sheet row", from 1, "row", from 0, or "" where a file is one row.
        files: N names of their files; empty where there is one file.
        notes: sentences about how the files were read.
        problems: sentences about rows that could not be read and are left out; the table is of no use then.
    """

    frame: pd.DataFrame
    places: IntArray
    unit: str
    files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def place(self, index: int) -> str:
        """Return where row `index` stands, for a message: "line 12", "b.csv row 3"."""
        place = f"{self.unit} {self.places[index]}" if self.unit else ""
        return f"{self.files[index]} {place}".strip() if self.files else place


def _read_delimited(stream: io.BufferedReader, path: Path, kind: str) -> Table:
    name = path.name
    rows = Delimited(name, text_lines(stream, path, newline=""), SEPARATORS[kind])
    places, cells, wrong = [], [], []
    for row in rows.all_rows():
        if len(row.fields) == len(rows.header):
            places.append(row.line)
            cells.append(row.fields)
        else:
            wrong.append(row)
    note = (
        f"{name}: in {rows.stray:,} row{'s' * (rows.stray != 1)} a quotation mark encloses no field; it is read as text"
    )
    return Table(
        pd.DataFrame(cells, columns=pd.Index(rows.header), dtype=object),
        np.array(places, dtype=np.int64),
        "line",
        notes=(note,) * bool(rows.stray),
        problems=(str(misfit(name, len(rows.header), wrong)),) * bool(wrong),
    )


def _read_jsonl(stream: io.BufferedReader, path: Path, _: str) -> Table:
    return _of_objects(list(json_objects(text_lines(stream, path, newline="\n"), path.name)), "line", path.name)


def _read_json(stream: io.BufferedReader, path: Path, kind: str) -> Table:
    """Read an array of objects, or lines of objects."""
    name = path.name
    head = stream.peek(1024).removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head.startswith(b"["):
        return _read_jsonl(stream, path, kind)
    try:
        values = json.loads("".join(text_lines(stream, path, newline="\n")))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name} is not a readable json file: {_line(error)}") from None
    for row, value in enumerate(values):
        if not isinstance(value, dict):
            raise DataError(f"{name}: row {row} is no JSON object, but {type(value).__name__}")
    return _of_objects(list(enumerate(values)), "row", name)


def _of_objects(objects: Sequence[tuple[int, dict[str, Any]]], unit: str, name: str) -> Table:
    if not objects:
        raise DataError(f"{name} is empty")
    columns = list(dict.fromkeys(key for _, value in objects for key in value))
    cells = {column: [value.get(column) for _, value in objects] for column in columns}
    return Table(pd.DataFrame(cells, dtype=object), np.array([place for place, _ in objects], dtype=np.int64), unit)


def _read_parquet(stream: io.BufferedReader, _: Path, kind: str) -> Table:
    # Without pandas' metadata, what was an index is a column; a column that occurs twice is seen.
    content = pq.ParquetFile(pa.BufferReader(stream.read())).read()
    frame = content.to_pandas(ignore_metadata=True, integer_object_nulls=True)
    return Table(frame, np.arange(len(frame)), "row")


def _read_excel(stream: io.BufferedReader, path: Path, _: str) -> Table:
    sheet = read_sheet(stream, path.name, available() // 2)
    return Table(sheet.frame, sheet.rows, "sheet row", notes=sheet.notes)


READERS: dict[str, Callable[[io.BufferedReader, Path, str], Table]] = {
    ".parquet": _read_parquet,
    ".csv": _read_delimited,
    ".tsv": _read_delimited,
    ".jsonl": _read_jsonl,
    ".json": _read_json,
    ".xlsx": _read_excel,
}


CURES = {
    **dict.fromkeys((".xls", ".xlsm", ".xlsb", ".ods", ".numbers"), "; save the sheet as .xlsx, or as CSV in UTF-8"),
    **dict.fromkeys((".tar", ".tgz", ".7z", ".rar", ".bz2", ".xz"), "; unpack it first"),
    ".txt": "; a table ends in .csv or .tsv, so rename it",
}
"""Kinds of files that are often tried -> how to make a table of them."""


def table_type(path: Path) -> str | None:
    """Return the ending that tells the kind of a table, its compression's aside; None where it is no table.

    A .zip file whose name does not tell what is in it is of kind `.zip`.
    """
    packed = path.suffix.lower() in {*COMPRESSIONS, ZIP}
    suffix = (Path(path.stem).suffix if packed else path.suffix).lower()
    return suffix if suffix in READERS else ZIP if path.suffix.lower() == ZIP else None


def read_tables(paths: Sequence[Path]) -> Table:
    """Read all files, one after the other.

    Raises:
        DataError: one cannot be read, or has other columns than the first.
    """
    tables = [read_table(path) for path in paths]
    first = tables[0]
    for path, table in zip(paths, tables, strict=True):
        if list(table.frame.columns) != list(first.frame.columns):
            raise DataError(
                f"{path.name} has columns {_listed(table.frame)}, but {paths[0].name} has {_listed(first.frame)}; "
                "files of one table have the same"
            )
    if len(tables) == 1:
        return first
    return Table(
        pd.concat([table.frame for table in tables], ignore_index=True),
        np.concatenate([table.places for table in tables]),
        first.unit,
        tuple(path.name for path, table in zip(paths, tables, strict=True) for _ in range(len(table.frame))),
        tuple(note for table in tables for note in table.notes),
        tuple(problem for table in tables for problem in table.problems),
    )


def read_table(path: Path) -> Table:
    """Read a file.

    Raises:
        DataError: it cannot be read, is empty, is not of the kind that its name tells, or needs more than half of the
            memory that is free.
    """
    kind, free = kind_of(path), available()
    with readable(path, kind):
        if path.is_file() and path.stat().st_size > free // 2:
            raise DataError(f"{path.name} is larger than half of the {free / 1e9:.1f} GB of memory that are free")
        with open_bytes(path, most=free // 2) as stream, at_most(free // 2):
            if not stream.peek(1):
                raise DataError(f"{path.name} is empty")
            return READERS[kind](stream, path, kind)


def kind_of(path: Path) -> str:
    """Return the kind of a table, as its ending tells, or the ending of the only table in a .zip file.

    Raises:
        DataError: it is none that can be read.
    """
    kind = table_type(path)
    if path.suffix.lower() == ZIP and path.is_file():
        with readable(path, ZIP):
            return table_in(path)
    if kind is None:
        endings = f"{', '.join(READERS)}; each may be {', '.join(COMPRESSIONS)} or {ZIP}"
        cure = CURES.get(path.suffix.lower(), CURES.get(Path(path.stem).suffix.lower(), ""))
        raise DataError(f"files of type {path.suffix!r} cannot be read{cure} (choices: {endings})")
    return kind


@contextmanager
def readable(path: Path, kind: str) -> Iterator[None]:
    """Turn every error of reading a file into one line."""
    try:
        yield
    except DataError:
        raise
    except MemoryError:
        raise DataError(f"{path.name} needs more than half of the memory that is free to be read") from None
    except (ArrowException, ValueError, TypeError, AttributeError, KeyError, OverflowError, EOFError) as error:
        raise DataError(f"{path.name} is not a readable {kind[1:]} file: {_line(error)}") from None
    except OSError as error:
        raise DataError(f"{path.name} cannot be read: {error.strerror or _line(error)}") from None


def digest(paths: Sequence[Path]) -> dict[str, str | int]:
    """Return what provenance tells of files: each one's sha256, or for more than a few, one over all of these.

    Raises:
        DataError: one cannot be read.
    """
    digests = [_sha256(path) for path in paths]
    if len(paths) <= 4:
        return {f"sha256 of {path.name}": sha256 for path, sha256 in zip(paths, digests, strict=True)}
    key = f"sha256 over the sha256s of {len(paths)} files, {paths[0].name} to {paths[-1].name}"
    return {key: hashlib.sha256("".join(digests).encode()).hexdigest()}


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path.name} cannot be read: {error.strerror}") from None


def _listed(frame: pd.DataFrame) -> str:
    return ", ".join(map(str, frame.columns))


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:160]
