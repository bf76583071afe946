"""Redact texts of data and users for results and messages: one line, no invisible characters, no folders.

The folders above a file name people and customers; results are made to be passed on.
"""

import re
from collections.abc import Iterable
from pathlib import PurePath

PIECE = re.compile(r"[^=,:]+")
"""What may be a path in an argument: `--dataset=PATH`, `lstm.encoder=PATH,PATH`, `hf:PATH`."""

ADDRESS = re.compile(r"(\w+://)\S+")
QUOTED = re.compile(r"(?<=['\"])(?:~\w*|\.\.)?/[^'\"\n]*(?=['\"])")
FOLDERS = re.compile(r"(?<![\w.~…/-])(?:(?:~\w*|\.\.)/(?:[^\s/'\"=,:;()]+/)*|/(?:[^\s/'\"=,:;()]+/)+)")


def plain(text: object) -> str:
    """A text on one line, without control, direction or other invisible characters."""
    return " ".join("".join(character if character.isprintable() else " " for character in str(text)).split())


def shortened(text: object, length: int = 80) -> str:
    """A plain text of at most `length` characters."""
    line = plain(text)
    return line if len(line) <= length else f"{line[: length - 1]}…"


def without_folders(argument: str) -> str:
    """An argument whose paths lead out of the working folder by their last part alone: `…/reviews.csv`.

    Addresses (`ray://host:10001`) lose everything but their kind.
    """
    if ADDRESS.search(argument):
        return ADDRESS.sub(r"\1…", argument)
    return PIECE.sub(lambda piece: _last_part(piece[0]), argument)


def command_without_folders(command: Iterable[str]) -> list[str]:
    """A command line, each of its arguments `without_folders`."""
    return [without_folders(argument) for argument in command]


def reason_without_folders(text: str) -> str:
    """A message on one line in which paths that lead out of the working folder have their last part alone."""
    return FOLDERS.sub("…/", QUOTED.sub(lambda path: _last_part(path[0]), plain(text)))


def _last_part(text: str) -> str:
    path = PurePath(text)
    leads_out = path.is_absolute() or text.startswith("~") or ".." in path.parts
    return f"…/{path.name}" if leads_out else text


FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""First characters that make a spreadsheet take a text for a formula."""

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would calculate a text; a signed number is none."""
    shown = plain(text)
    return shown.startswith(FORMULA_STARTS) and not NUMBER.fullmatch(shown)


def inert(value: object) -> object:
    """A value for a CSV file: a text on one line, with an apostrophe before it if a spreadsheet would calculate it."""
    if not isinstance(value, str):
        return value
    text = plain(value)
    return f"'{text}" if is_formula(text) else text
