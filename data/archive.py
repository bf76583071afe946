"""The one table of a .zip file, and the sizes that an archive declares."""

import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase, BufferedReader, RawIOBase
from pathlib import Path, PurePosixPath
from typing import IO, cast
from zipfile import BadZipFile, ZipFile, ZipInfo

from data.errors import DataError
from data.hidden import is_hidden
from data.memory import at_most, available

ZIP = ".zip"
TABLES = (".parquet", ".csv", ".tsv", ".jsonl", ".json", ".xlsx")
"""Endings of the tables that can be read."""

SHOWN = 5
"""Names that a message lists at most."""

ENCRYPTED = 0x1
"""Flag of a member that needs a password."""


def table_in(path: Path) -> str:
    """Return the ending of the only table in a .zip file.

    Raises:
        DataError: it is no .zip file, or holds no table or several.
    """
    with _opened(path, path.name) as archive:
        return _ending(_only_table(archive, path))


@contextmanager
def open_table(path: Path, most: int | None) -> Iterator[BufferedReader]:
    """Open the only table in a .zip file. Nothing is written to the disk, so no path in the archive is used.

    Args:
        path: the archive.
        most: bytes that the table may have; the size that the archive declares is checked first, and no more is read.

    Raises:
        DataError: as `table_in`; or the table needs a password or is too large.
    """
    with _opened(path, path.name) as archive:
        member = _only_table(archive, path)
        if member.flag_bits & ENCRYPTED:
            raise DataError(f"{path.name} needs a password; unpack it first")
        _check_size(member.file_size, path.name, most)
        try:
            with archive.open(member) as stream:
                yield BufferedReader(cast("RawIOBase", stream), 1 << 20)
        except (BadZipFile, NotImplementedError, zlib.error, lzma.LZMAError) as error:
            raise DataError(f"{path.name} is not a readable zip file: {error}") from None


def check_unpacked_size(stream: BufferedIOBase, name: str, most: int) -> None:
    """Refuse an archive whose members declare more bytes than `most`, and rewind the stream.

    Raises:
        DataError: they do, or it is no archive.
    """
    with _opened(stream, name) as archive:
        _check_size(sum(member.file_size for member in archive.infolist()), name, most)
    stream.seek(0)


def _check_size(size: int, name: str, most: int | None) -> None:
    if most is not None and size > most:
        raise DataError(f"{name} unpacks to more than the {most / 1e9:.1f} GB that memory can hold")


@contextmanager
def _opened(source: Path | BufferedIOBase, name: str) -> Iterator[ZipFile]:
    try:
        with at_most(available() // 2):  # a long list of members is large, too
            archive = ZipFile(cast("Path | IO[bytes]", source))
    except (BadZipFile, NotImplementedError) as error:
        raise DataError(f"{name} is not a readable {PurePosixPath(name).suffix[1:]} file: {error}") from None
    with archive:
        yield archive


def _only_table(archive: ZipFile, path: Path) -> ZipInfo:
    tables = [member for member in archive.infolist() if _ending(member) in TABLES and not _is_hidden(member)]
    if len(tables) == 1:
        return tables[0]
    names = ", ".join(member.filename for member in tables[:SHOWN])
    more = f" and {len(tables) - SHOWN} more" if len(tables) > SHOWN else ""
    found = f"{len(tables)} tables ({names}{more})" if tables else f"no table ({', '.join(TABLES)})"
    raise DataError(f"{path.name} holds {found}, and one is wanted; unpack it, and name a file or the folder")


def _is_hidden(member: ZipInfo) -> bool:
    return any(is_hidden(Path(part)) for part in member.filename.split("/") if part not in {".", ".."})


def _ending(member: ZipInfo) -> str:
    return PurePosixPath(member.filename).suffix.lower()
