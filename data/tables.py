"""Tables in files: CSV, TSV, JSON lines or Parquet, plain, gzip or zstd -> a frame."""

import hashlib
import io
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pandas.errors import EmptyDataError, ParserError
from pyarrow import ArrowException

from data.dataset import DataError
from data.memory import at_most, available

READERS: dict[str, Callable[[io.BytesIO], pd.DataFrame]] = {
    ".parquet": lambda file: pq.ParquetFile(file).read().to_pandas(),  # shows a column that occurs twice
    ".csv": lambda file: _read_delimited(file, ","),
    ".tsv": lambda file: _read_delimited(file, "\t"),
    ".jsonl": lambda file: pd.read_json(file, lines=True, dtype=False, convert_dates=False),
}
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
"""Ending of a compressed file -> what pyarrow calls it: reviews.csv.gz."""

CHUNK = 1 << 24
"""Bytes unpacked at a time."""


def table_type(path: Path) -> str | None:
    """The ending that says what kind of table a file is, its compression's aside; None where it is none."""
    suffix = Path(path.stem).suffix if path.suffix in COMPRESSIONS else path.suffix
    return suffix if suffix in READERS else None


def read_tables(paths: Sequence[Path]) -> pd.DataFrame:
    """The rows of all files, in their order.

    Raises:
        DataError: one cannot be read, or has other columns than the first.
    """
    frames = [read_table(path) for path in paths]
    for path, frame in zip(paths, frames, strict=True):
        if list(frame.columns) != list(frames[0].columns):
            raise DataError(
                f"{path.name} has columns {_listed(frame)}, but {paths[0].name} has {_listed(frames[0])}; "
                "files of one table have the same"
            )
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)


def read_table(path: Path) -> pd.DataFrame:
    """The rows of a file, numbered from 0; what is no JSON or Parquet is text, "" where there is nothing.

    Raises:
        DataError: it cannot be read, is empty or is not what its name says.
    """
    kind = table_type(path)
    if kind is None:
        endings = f"{', '.join(READERS)}; each may be {' or '.join(COMPRESSIONS)}"
        raise DataError(f"files of type {path.suffix!r} cannot be read (choices: {endings})")
    try:
        content = _content(path)
        if not content:
            raise DataError(f"{path.name} is empty")
        if kind != ".parquet" and b"\0" in content:
            raise DataError(f"{path.name} holds a NUL byte (byte {content.index(0)}); it must be UTF-8 text")
        with at_most(available() // 2):
            return READERS[kind](io.BytesIO(content))
    except MemoryError:
        raise DataError(f"{path.name} needs more than half of the memory that is free to be read") from None
    except EmptyDataError:
        raise DataError(f"{path.name} is empty") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name} is not UTF-8 (byte {error.start}: {error.reason})") from None
    except OSError as error:
        raise DataError(f"{path.name} cannot be read: {error.strerror or _line(error)}") from None
    except DataError:
        raise
    except (ParserError, ArrowException, ValueError, TypeError, AttributeError, KeyError, OverflowError) as error:
        raise DataError(f"{path.name} is not a readable {kind[1:]} file: {_line(error)}") from None


def digest(paths: Sequence[Path]) -> dict[str, str | int]:
    """What provenance says of files: each one's sha256, or for more than a few, one over all of these.

    Raises:
        DataError: one cannot be read.
    """
    digests = [_sha256(path) for path in paths]
    if len(paths) <= 4:
        return {f"sha256 of {path.name}": sha256 for path, sha256 in zip(paths, digests, strict=True)}
    key = f"sha256 over the sha256s of {len(paths)} files, {paths[0].name} to {paths[-1].name}"
    return {key: hashlib.sha256("".join(digests).encode()).hexdigest()}


def _content(path: Path) -> bytes:
    if path.exists() and not path.is_file():  # a pipe or a device would keep the reader waiting
        raise DataError(f"{path.name} is not a file")
    compression, free = COMPRESSIONS.get(path.suffix), available()
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size > free // 2:
            raise DataError(f"{path.name} is larger than half of the {free / 1e9:.1f} GB of memory that are free")
        if compression is None:
            return file.read()
        with pa.CompressedInputStream(pa.PythonFile(file), compression) as stream:
            return _unpacked(stream, path, free)


def _unpacked(stream: pa.CompressedInputStream, path: Path, free: int) -> bytes:
    """All of a compressed file, as long as it fits: a megabyte may unpack to a terabyte."""
    parts: list[bytes] = []
    unpacked = 0
    while part := stream.read(CHUNK):
        parts.append(part)
        unpacked += len(part)
        if unpacked > free // 2:
            raise DataError(f"{path.name} unpacks to more than half of the {free / 1e9:.1f} GB of memory that are free")
    return b"".join(parts)


def _read_delimited(file: io.BytesIO, separator: str) -> pd.DataFrame:
    # The header is read as a row, since pandas would rename a column that occurs twice.
    frame = pd.read_csv(file, sep=separator, header=None, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    frame.columns = pd.Index(frame.iloc[0])
    return frame.iloc[1:].reset_index(drop=True)


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
