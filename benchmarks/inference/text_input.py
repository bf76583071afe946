"""Texts to be scored, block by block, so that a file of any size and a pipe without an end fit into memory."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pandas.errors import EmptyDataError, ParserError

from benchmarks.errors import UsageError

BLOCK = 1_024
"""Texts of a block at most."""

READ_BYTES = 1 << 20
LONGEST_LINE = 32 << 20
"""Bytes of a line at most: without an end of line, a stream would fill the memory."""

Blocks = Iterator[list[str]]

SUFFIXES = (".txt", ".jsonl", ".csv", ".tsv", ".parquet")


def read_file(path: Path, column: str) -> Blocks:
    """The texts of a file: the lines of `.txt`, else its column or key `column`.

    Raises:
        UsageError: it cannot be read, or a row has no text; the message names the row, counted from 0.
    """
    if path.suffix not in SUFFIXES:
        raise UsageError(f"--input {str(path)!r}: its type is not known (choices: {', '.join(SUFFIXES)})")
    if path.exists() and not path.is_file():
        raise UsageError(f"--input {str(path)!r} is not a file (choices: a file, or - to read lines from a pipe)")
    try:
        match path.suffix:
            case ".txt":
                with path.open("rb") as stream:
                    yield from read_lines(stream, str(path))
            case ".jsonl":
                yield from _read_jsonl(path, column)
            case ".parquet":
                yield from _read_parquet(path, column)
            case _:
                yield from _read_delimited(path, column)
    except OSError as error:
        raise UsageError(f"--input {str(path)!r} cannot be read: {error.strerror or error}") from None
    except (ParserError, EmptyDataError, UnicodeDecodeError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())[:160]
        raise UsageError(f"--input {str(path)!r} is not a readable {path.suffix[1:]} file: {reason}") from None


def read_lines(stream: io.BufferedIOBase, name: str) -> Blocks:
    """Every line of a UTF-8 stream as a text; what has arrived is passed on at once, also before a block is full.

    Raises:
        UsageError: a line is not UTF-8 or too long; the message names it, counted from 0.
    """
    row, rest, ended = 0, b"", False
    while not ended:
        arrived = stream.read1(READ_BYTES)
        ended = not arrived
        *lines, rest = (rest + arrived).split(b"\n")
        if ended and rest:
            lines.append(rest)
        if max(len(rest), *map(len, lines), 0) > LONGEST_LINE:
            raise UsageError(f"--input {name!r}: a line is longer than {LONGEST_LINE >> 20} MiB (after row {row})")
        for start in range(0, len(lines), BLOCK):
            block = lines[start : start + BLOCK]
            yield [_decode(line, row + index, name) for index, line in enumerate(block)]
            row += len(block)


def _decode(line: bytes, row: int, name: str) -> str:
    try:
        return line.decode("utf-8-sig" if row == 0 else "utf-8").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise UsageError(f"--input {name!r}: row {row} is not UTF-8 ({error.reason})") from None


def _read_jsonl(path: Path, column: str) -> Blocks:
    row = 0
    with path.open("rb") as stream:
        for lines in read_lines(stream, str(path)):
            yield [_value(line, row + index, column, path) for index, line in enumerate(lines)]
            row += len(lines)


def _value(line: str, row: int, column: str, path: Path) -> str:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise UsageError(f"--input {str(path)!r}: row {row} is not JSON") from None
    text = value.get(column) if isinstance(value, dict) else None
    if not isinstance(text, str):
        raise UsageError(f"--input {str(path)!r}: row {row} has no text {column!r}")
    return text


def _read_delimited(path: Path, column: str) -> Blocks:
    separator = "\t" if path.suffix == ".tsv" else ","
    options: dict[str, Any] = {"sep": separator, "dtype": str, "keep_default_na": False, "encoding": "utf-8-sig"}
    _check_column(path, column, list(pd.read_csv(path, **options, nrows=0).columns))
    with pd.read_csv(path, **options, usecols=[column], chunksize=BLOCK) as frames:
        row = 0
        for frame in frames:
            yield _texts(frame[column].tolist(), row, path)
            row += len(frame)


def _read_parquet(path: Path, column: str) -> Blocks:
    with pq.ParquetFile(path) as file:
        _check_column(path, column, file.schema_arrow.names)
        row = 0
        for batch in file.iter_batches(batch_size=BLOCK, columns=[column]):
            yield _texts(batch.column(0).to_pylist(), row, path)
            row += batch.num_rows


def _check_column(path: Path, column: str, columns: list[str]) -> None:
    if column not in columns:
        choices = ", ".join(columns)
        raise UsageError(f"--text-column {column!r}: {path.name} has no such column (choices: {choices})")


def _texts(values: list[object], row: int, path: Path) -> list[str]:
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) < len(values):
        first = next(index for index, value in enumerate(values) if not isinstance(value, str))
        raise UsageError(f"--input {str(path)!r}: row {row + first} has no text")
    return texts
