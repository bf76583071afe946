"""Mapping of a table's labels to classes, such as `1,2=neg;4,5=pos`."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from data.errors import DataError
from data.labels import label_text

FORM = "LABEL[,LABEL..]=CLASS;LABEL[,LABEL..]=CLASS"
QUOTED = r'"(?:[^"]|"")*"'
SPECIAL = re.compile(r'[,;="]')


@dataclass(frozen=True)
class Entry:
    """Labels of one class.

    Attributes:
        labels: as `label_text` writes them.
        name: the class.
        whole: the entry taken as one label, where it has commas outside quotation marks; else None.
    """

    labels: tuple[str, ...]
    name: str
    whole: str | None = None


@dataclass(frozen=True)
class LabelMap:
    """Labels -> classes, in the order the classes are named.

    A label is written as the file shows it; `1.0` and `1` are one label, as everywhere. A label with a comma, a
    semicolon or an equals sign stands in quotation marks, a quotation mark in it doubled: `"good, very"=good`. Without
    them, a label with a comma is taken whole where the data has that label and none of its parts.
    """

    entries: tuple[Entry, ...]

    def resolved(self, present: Collection[str]) -> dict[str, str]:
        """Return label -> class for data whose labels are `present`.

        Raises:
            DataError: an entry could be one label with a comma, or several labels.
        """
        classes: dict[str, str] = {}
        for entry in self.entries:
            labels: Iterable[str] = entry.labels
            if entry.whole is not None and entry.whole in present:
                if any(label in present for label in entry.labels):
                    raise DataError(
                        f"`label_map` {entry.whole!r} is a label and also a list of labels; put each label in "
                        "quotation marks"
                    )
                labels = (entry.whole,)
            classes |= dict.fromkeys(labels, entry.name)
        return classes

    def __str__(self) -> str:
        """Return the map in the form that `parse_label_map` reads, each class once."""
        by_class: dict[str, list[str]] = {}
        for entry in self.entries:
            by_class.setdefault(entry.name, []).append(
                ",".join(map(quoted, entry.labels)) if entry.whole is None else entry.whole
            )
        return ";".join(f"{','.join(labels)}={quoted(name)}" for name, labels in by_class.items())


def joining(classes: Mapping[str, str]) -> LabelMap:
    """Return the map that gives each label its class."""
    by_class: dict[str, list[str]] = {}
    for label, name in classes.items():
        by_class.setdefault(name, []).append(label)
    return LabelMap(tuple(Entry(tuple(labels), name) for name, labels in by_class.items()))


def parse_label_map(text: str) -> LabelMap:
    """Read a map. A class may be named in several places.

    Raises:
        DataError: not of that form, a label with two classes, or fewer than two classes.
    """
    entries = [_entry(part) for part in _split(text, ";") if part.strip()]
    classes: dict[str, str] = {}
    for entry in entries:
        for label in entry.labels:
            if classes.setdefault(label, entry.name) != entry.name:
                raise DataError(f"label {label!r} is given to two classes, {classes[label]!r} and {entry.name!r}")
    if len(set(classes.values())) < 2:
        raise DataError(f"it names fewer than two classes (the form is {FORM})")
    return LabelMap(tuple(entries))


def quoted(label: str) -> str:
    """Return a label as a map writes it."""
    return '"' + label.replace('"', '""') + '"' if SPECIAL.search(label) else label


def _entry(part: str) -> Entry:
    pieces = _split(part, "=")
    name = _plain(pieces[-1])
    written = "=".join(pieces[:-1])  # an equals sign in a label needs no quotation marks: the last one counts
    values = [label_text(_plain(piece)) for piece in _split(written, ",")]
    if len(pieces) < 2 or not name or not all(values):
        raise DataError(f"{part.strip()!r} is not of the form {FORM}")
    whole = label_text(written) if len(values) > 1 and '"' not in written else None
    return Entry(tuple(filter(None, values)), name, whole)


def _split(text: str, separator: str) -> list[str]:
    """Return the pieces between separators that stand outside quotation marks."""
    pieces = [""]
    for token in re.findall(rf"{QUOTED}|.", text, re.DOTALL):
        if token == separator:
            pieces.append("")
        else:
            pieces[-1] += token
    return pieces


def _plain(piece: str) -> str:
    piece = piece.strip()
    return piece[1:-1].replace('""', '"') if re.fullmatch(QUOTED, piece) else piece
