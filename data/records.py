"""Rows of text files, one at a time: the reader that training and prediction share.

Both see the same rows of the same file. A row that does not fit its header is an error that names its line, as an
editor counts lines; nothing is shifted, cut or filled in.
"""

import csv
import io
import itertools
import json
import math
import re
import shlex
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from data.archive import ZIP, open_table
from data.errors import DataError

COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
"""Ending of a compressed file -> its name in pyarrow: reviews.csv.gz."""

UNPACKING = {".gz": "gzip -dc", ".zst": "zstd -dc", ZIP: "unzip -p"}
"""Ending -> the command that writes the content of such a file to stdout."""

SEPARATORS = {".csv": (",", ";", "\t", "|"), ".tsv": ("\t", ";", ",", "|")}
"""Ending -> separators that a header may have; of several, the one that gives the most columns."""

SEPARATOR_LINE = re.compile(r'sep=([^\w"])', re.IGNORECASE)
"""The line that Excel reads, before the header, as the separator of the file."""

SHOWN = 5
"""Lines that a message names at most."""

SNIFFED = 4096
"""Bytes at the beginning of a file that tell its encoding."""

csv.field_size_limit(2**31 - 1)  # a text may be longer than the 128 KiB that the module allows


@dataclass(frozen=True)
class Row:
    """A row of a delimited file; `line` is its first line, counted from 1."""

    line: int
    fields: list[str]


class _Unpacked(io.RawIOBase):
    """The content of a compressed file, up to a limit: a megabyte may unpack to a terabyte."""

    def __init__(self, stream: pa.CompressedInputStream, name: str, most: int | None) -> None:
        self.stream, self.name, self.left, self.most = stream, name, most, most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self.stream.read(len(buffer))
        if self.left is not None and self.most is not None:
            self.left -= len(content)
            if self.left < 0:
                raise DataError(f"{self.name} unpacks to more than the {self.most / 1e9:.1f} GB that memory can hold")
        buffer[: len(content)] = content
        return len(content)


@contextmanager
def open_bytes(path: Path, *, most: int | None = None) -> Iterator[io.BufferedReader]:
    """Open a plain or compressed file, or the only table of a .zip file.

    Args:
        path: the file.
        most: bytes that a compressed file may unpack to; None for any number.

    Raises:
        DataError: it is no file: a pipe or a device would keep the reader waiting.
    """
    if path.exists() and not path.is_file():
        raise DataError(f"{path.name} is not a file")
    if path.suffix.lower() == ZIP:
        with open_table(path, most) as table:
            yield table
        return
    compression = COMPRESSIONS.get(path.suffix.lower())
    with path.open("rb") as file:
        if compression is None:
            yield file
            return
        with pa.CompressedInputStream(pa.PythonFile(file), compression) as stream:
            yield io.BufferedReader(_Unpacked(stream, path.name, most), 1 << 20)


def text_lines(stream: io.BufferedReader, path: Path, *, newline: str, longest: int = -1) -> Iterator[str]:
    """Yield the lines of a text file, with their ends: UTF-8, or UTF-16 as its first bytes tell.

    Args:
        stream: the file's content.
        path: the file's, for messages.
        newline: "" splits at every kind of line end, and "\\n" only there.
        longest: characters of a line at most; -1 for any number.

    Raises:
        DataError: a line is not of the encoding, holds a NUL character or is too long.
    """
    encoding = _encoding(stream.peek(SNIFFED)[:SNIFFED])
    text = io.TextIOWrapper(stream, encoding=encoding, newline=newline)
    number = 0
    try:
        while line := text.readline(longest):
            number += 1
            if "\0" in line:
                raise DataError(f"{path.name} holds a NUL character (line {number}); it must be a text file")
            if len(line) == longest and line[-1] not in "\r\n":
                raise DataError(f"{path.name}: line {number} is longer than {longest:,} characters")
            yield line
    except UnicodeDecodeError as error:
        number += error.object[: error.start].count(b"\n") + 1
        cure = f"; if an older Windows program wrote it: {_conversion(path)}" if encoding == "utf-8-sig" else ""
        name = encoding.removesuffix("-sig").upper()
        raise DataError(f"{path.name} is not {name} (line {number}: {error.reason}){cure}") from None


def _conversion(path: Path) -> str:
    """Return the shell command that converts a file from the encoding of Western Windows programs."""
    source, unpacking = shlex.quote(str(path)), UNPACKING.get(path.suffix.lower())
    plain = path.with_suffix("") if unpacking else path
    target = shlex.quote(str(plain.with_name(f"{plain.stem}-utf8{plain.suffix or '.csv'}")))
    if unpacking:
        return f"{unpacking} {source} | iconv -f cp1252 -t utf-8 > {target}"
    return f"iconv -f cp1252 -t utf-8 {source} > {target}"


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    zeros = [head[offset::2].count(0) / max(len(head) // 2, 1) for offset in (0, 1)]
    if max(zeros) > 0.4 and min(zeros) < 0.1:  # every other byte of Latin letters in UTF-16
        return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    return "utf-8-sig"


@dataclass
class Delimited:
    """A CSV or TSV file: its header, and its rows as they are iterated over.

    A field in quotation marks may hold separators, line ends and doubled quotation marks. A row whose quotation mark is
    no such beginning (the field goes on after its end, or it never ends) is read with its quotation marks as plain
    characters, and counted, where its line alone has the header's number of fields. A line `sep=;` before the header
    names the separator, as it does for Excel.

    Attributes:
        header: column names.
        stray: rows so far that were read with quotation marks as plain characters.
    """

    name: str
    lines: Iterator[str]
    separators: Sequence[str] = SEPARATORS[".csv"]
    header: list[str] = field(init=False)
    separator: str = field(init=False)
    stray: int = 0
    _line: int = 0
    _waiting: deque[str] = field(default_factory=deque)

    def __post_init__(self) -> None:
        """Read the header.

        Raises:
            DataError: there is none.
        """
        first = self._first_line()
        if declared := SEPARATOR_LINE.fullmatch(first.rstrip("\r\n")):
            self.separator = declared[1]
            first = self._first_line()
        else:
            self.separator = max(self.separators, key=lambda each: (_columns(first, each), first.count(each)))
        self._line -= 1
        self._waiting.appendleft(first)
        row = self._next_row(width=None)
        self.header = [name.strip() for name in row.fields] if row else []

    def __iter__(self) -> Iterator[Row]:
        """Yield every row that has a field for each column.

        Blank lines are rows of one empty field where there is one column, and no rows where there are several. Empty
        fields beyond the header are dropped: a separator at the end of each line.

        Raises:
            DataError: a row has another number of fields.
        """
        for row in self.all_rows():
            if len(row.fields) != len(self.header):
                raise misfit(self.name, len(self.header), [row])
            yield row

    def all_rows(self) -> Iterator[Row]:
        """Yield every row, with as many fields as it has."""
        width = len(self.header)
        while (row := self._next_row(width)) is not None:
            if not any(row.fields[width:]):
                del row.fields[width:]
            yield row

    def _first_line(self) -> str:
        """Return the first of the remaining lines that is not blank.

        Raises:
            DataError: there is none.
        """
        first = next((line for line in self._remaining() if line.strip()), None)
        if first is None:
            raise DataError(f"{self.name} is empty")
        return first

    def _next_row(self, width: int | None) -> Row | None:
        for line in self._remaining():
            number = self._line
            bare = line.rstrip("\r\n")
            if not bare.strip() and width != 1:
                continue
            if '"' not in bare:
                return Row(number, bare.split(self.separator))
            return Row(number, self._quoted(line, bare, number, width))
        return None

    def _quoted(self, line: str, bare: str, number: int, width: int | None) -> list[str]:
        """Return the fields of a row that begins with `line` and may go on."""
        taken: list[str] = []

        def lines() -> Iterator[str]:
            for one in itertools.chain([line], self._remaining()):
                taken.append(one)
                yield one

        try:
            return next(csv.reader(lines(), delimiter=self.separator, strict=True))
        except csv.Error as error:
            # The lines after the first are rows of their own.
            self._waiting.extendleft(reversed(taken[1:]))
            self._line -= len(taken) - 1
            plain = bare.split(self.separator)
            if width is None or len(plain) == width or not any(plain[width:]):
                self.stray += 1
                return plain
            raise DataError(
                f"{self.name}: line {number} has a quotation mark that neither begins and ends a field nor is doubled "
                f"in one ({error})"
            ) from None

    def _remaining(self) -> Iterator[str]:
        while True:
            line = self._waiting.popleft() if self._waiting else next(self.lines, None)
            if line is None:
                return
            self._line += 1
            yield line


def _columns(line: str, separator: str) -> int:
    """Return the number of fields that a separator makes of a line; of one that it does not fit, 0."""
    try:
        return len(next(csv.reader([line], delimiter=separator, strict=True)))
    except csv.Error:
        return 0


def misfit(name: str, width: int, rows: Sequence[Row]) -> DataError:
    """Return the error for rows that have another number of fields than the header."""
    shown = ", ".join(f"line {row.line} ({len(row.fields)})" for row in rows[:SHOWN])
    rest = f" and {len(rows) - SHOWN:,} more" if len(rows) > SHOWN else ""
    return DataError(
        f"{name}: {len(rows):,} row{'s' * (len(rows) != 1)} with another number of fields than the {width} of the "
        f"header: {shown}{rest}; a text that holds the separator stands in quotation marks"
    )


def json_objects(lines: Iterable[str], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the line number and the object of each line of JSON; blank lines are none.

    Raises:
        DataError: a line is no JSON object.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = getattr(error, "msg", "nested too deep")
            raise DataError(f"{name} is not a readable jsonl file: line {number} is no JSON ({reason})") from None
        if not isinstance(value, dict):
            raise DataError(f"{name}: line {number} is no JSON object, but {type(value).__name__}")
        yield number, value


def column_text(value: object) -> str | None:
    """Return the value of a text column as a text: a number as it is written, None where there is none.

    Raises:
        DataError: it is neither text nor a number.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DataError(f"a text is expected, not {type(value).__name__}")
    return None if math.isnan(value) else str(value)
