"""Shared parts of a results folder: paths, schema versions, and errors of damaged files."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from benchmarks.errors import publishable
from benchmarks.schema.result import SCHEMA_VERSION
from benchmarks.store.files import DamagedError, StoreError, open_regular, read_bytes
from data.memory import at_most, available

SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Folder:
    """A results folder.

    Attributes:
        folder: its path.
    """

    folder: Path


def checked_sha256(text: str) -> str:
    """Return `text` if it may become part of a path.

    Raises:
        StoreError: not a sha256 in hexadecimal digits.
    """
    if not SHA256.fullmatch(text):
        raise StoreError(f"not a fingerprint: {text!r}")
    return text


def read_json(path: Path) -> Any:
    """Read a JSON file of a results folder.

    Raises:
        FileNotFoundError: there is none.
        DamagedError: not JSON.
        StoreError: it cannot be read, is not a regular file, or is too large.
    """
    try:
        return json.loads(read_bytes(path))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise DamagedError(path, str(error)) from None


def check_version(path: Path, content: object) -> None:
    """Check the schema version of a JSON document.

    Raises:
        DamagedError: it has none.
        StoreError: it is not this program's.
    """
    version = content.get("schema_version") if isinstance(content, dict) else None
    if not isinstance(version, int):
        raise DamagedError(path, "without a schema version")
    if version != SCHEMA_VERSION:
        raise StoreError(
            f"{path} is of schema version {version}, and this program reads version {SCHEMA_VERSION}: "
            "run the suite again into a new folder, or use the version of this program that wrote it"
        )


def read_frame(path: Path) -> pd.DataFrame:
    """Read a Parquet file whose pages have checksums.

    A file of a kilobyte may hold gigabytes, so the rows that it declares must fit into a quarter of the free memory,
    and reading it may take no more than half.

    Raises:
        MemoryError: it takes more.
        Exception: it cannot be read; see `undamaged`.
    """
    free = available()
    with open_regular(path) as stream, at_most(free // 2):
        table = pq.ParquetFile(stream, page_checksum_verification=True)
        declared = table.metadata
        if 8 * declared.num_rows * declared.num_columns > free // 4:
            raise MemoryError(f"{declared.num_rows:,} rows of {declared.num_columns} columns need too much memory")
        frame: pd.DataFrame = table.read().to_pandas()
        return frame


@contextmanager
def undamaged(path: Path) -> Iterator[None]:
    """Name the file in an error of reading `path`; a library's message might quote a text of the data.

    Raises:
        DamagedError: the file is missing, or its content is not what was written.
        StoreError: the system did not give the content, or memory ran out: the file may be whole.
    """
    try:
        yield
    except FileNotFoundError:
        raise DamagedError(path, "it is missing") from None
    except MemoryError as error:
        raise StoreError(
            f"{path} cannot be read: it needs more memory than is free ({publishable(error)}); free some, or delete "
            "the file to have it made again"
        ) from None
    except OSError as error:
        if error.errno is None:  # Arrow's finding about the content
            raise DamagedError(path, publishable(error)) from None
        raise StoreError(f"{path} cannot be read: {error.strerror}") from None
    except (
        pa.ArrowException,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise DamagedError(path, publishable(error)) from None


def first_error(error: ValidationError) -> str:
    """First place where a document differs from its schema, with the fault."""
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
