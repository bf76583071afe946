"""Texts to be scored, block by block, so that a file of any size and a pipe without an end fit into memory."""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from benchmarks.errors import UsageError
from benchmarks.redaction import shortened
from data.archive import ZIP
from data.cleaning import is_unicode
from data.column_texts import LONGEST_LINE as LONGEST_ROW
from data.column_texts import column_texts
from data.errors import DataError
from data.records import COMPRESSIONS, open_bytes, text_lines
from data.tables import READERS, readable, table_type

BLOCK = 1_024
"""Texts of a block at most."""

READ_BYTES = 1 << 20
LONGEST_LINE = LONGEST_ROW
"""Bytes of a line at most: without an end of line, a stream would fill the memory."""

Blocks = Iterator[list[str]]

LINES = ".txt"
SUFFIXES = (LINES, *READERS)
"""Endings of files that can be read; each may be followed by that of a compression."""


def check_texts(texts: Sequence[str]) -> None:
    """Make sure that what a program gives are several texts, each of whole characters.

    Raises:
        TypeError: `texts` is one text, not a sequence of them.
        ValueError: one of them holds half a character (a surrogate).
    """
    if isinstance(texts, str):
        raise TypeError("predict and predict_proba take a sequence of texts, such as [text]")
    for place, text in enumerate(texts):
        if not is_unicode(text):
            raise ValueError(
                f"texts[{place}] holds half a character (a surrogate), {shortened(ascii(text), 40)}: replace it, as "
                'text.encode("utf-8", "replace").decode() does'
            )


def read_file(path: Path, column: str | None, say: Callable[[str], None] = lambda _: None) -> Blocks:
    """Yield the texts of a file, read as training reads it: the lines of `.txt`, else the column or key `column`.

    Args:
        path: the file.
        column: name; None recognises it, by its name or its content.
        say: is told which column was recognised.

    Raises:
        UsageError: the file cannot be read, or a row has no text; the message names its line.
    """
    lines = Path(path.stem if path.suffix.lower() in COMPRESSIONS else path.name).suffix.lower() == LINES
    if not lines and table_type(path) is None:
        choices = f"{', '.join(SUFFIXES)}; each may be {', '.join(COMPRESSIONS)} or {ZIP}"
        raise UsageError(f"its type is not known (choices: {choices})", option="input", value=str(path))
    if path.exists() and not path.is_file():
        raise UsageError(
            "it is not a file (choices: a file, or - to read lines from a pipe)", option="input", value=str(path)
        )
    try:
        yield from _in_blocks(_of_lines(path) if lines else column_texts(path, column, say))
    except DataError as error:
        raise UsageError(str(error), option="input", value=str(path)) from None


def read_lines(stream: io.BufferedIOBase, name: str) -> Blocks:
    """Yield every line of a UTF-8 stream as a text; a text that has arrived is passed on at once.

    Raises:
        UsageError: a line is not UTF-8 or too long; the message names it, counted from 1.
    """
    row, rest, ended = 0, b"", False
    while not ended:
        arrived = stream.read1(READ_BYTES)
        ended = not arrived
        *lines, rest = (rest + arrived).split(b"\n")
        if ended and rest:
            lines.append(rest)
        if max(len(rest), *map(len, lines), 0) > LONGEST_LINE:
            longest = f"a line is longer than {LONGEST_LINE >> 20} MiB (after line {row})"
            raise UsageError(longest, option="input", value=name)
        for start in range(0, len(lines), BLOCK):
            block = lines[start : start + BLOCK]
            yield [_decode(line, row + index, name) for index, line in enumerate(block)]
            row += len(block)


def _of_lines(path: Path) -> Iterator[str]:
    with readable(path, LINES), open_bytes(path) as stream:
        for line in text_lines(stream, path, newline="\n", longest=LONGEST_LINE):
            yield line.removesuffix("\n").removesuffix("\r")


def _in_blocks(texts: Iterable[str]) -> Blocks:
    remaining = iter(texts)
    while block := list(islice(remaining, BLOCK)):
        yield block


def _decode(line: bytes, row: int, name: str) -> str:
    try:
        return line.decode("utf-8-sig" if row == 0 else "utf-8").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise UsageError(f"line {row + 1} is not UTF-8 ({error.reason})", option="input", value=name) from None
