"""Convert a column of labels (numbers, words, truth values) to class indices."""

import datetime
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from data.arrays import IntArray
from data.errors import DataError

WHOLE_NUMBER = re.compile(r"(-?\d+)\.0+")
NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
SCALARS = (str, bool, int, float, Decimal, datetime.date, np.generic)
SHOWN = 8
"""Labels that a message names at most."""


@dataclass(frozen=True)
class Classes:
    """The meaning of the labels of a table.

    Attributes:
        names: the class names, by index.
        of_label: label, as `label_text` writes it -> class name.
        drops: whether rows with another label are left out, rather than an error.
    """

    names: tuple[str, ...]
    of_label: Mapping[str, str]
    drops: bool

    def number(self, labels: Sequence[str | None]) -> IntArray:
        """Return (N,) class indices; -1 where a label is of no class."""
        index = {name: number for number, name in enumerate(self.names)}
        indices = {label: index[name] for label, name in self.of_label.items()}
        return np.array([-1 if label is None else indices.get(label, -1) for label in labels], dtype=np.int64)


def label_text(value: object) -> str | None:
    """Return a label as text, the same from every kind of file: 1, 1.0 and "1.0" are "1"; None where there is none.

    White space around a label is no part of it, and letters with accents are composed (NFC).

    Raises:
        DataError: the value is a list or the like.
    """
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:  # pandas, unimported
        return None
    if not isinstance(value, SCALARS):
        raise DataError(f"a label is one value, not {type(value).__name__}")
    if isinstance(value, float | np.floating):
        if np.isnan(value):
            return None
        value = value + 0.0  # no minus zero
    text = unicodedata.normalize("NFC", str(value)).strip()
    whole = WHOLE_NUMBER.fullmatch(text)
    return (whole[1] if whole else text) or None


def label_texts(values: Iterable[object]) -> list[str | None]:
    """Return `label_text` of each value.

    Raises:
        DataError: a value is a list or the like.
    """
    known: dict[object, str | None] = {}
    texts = []
    for value in values:
        if type(value) is not str:
            texts.append(label_text(value))
            continue
        if value not in known:
            known[value] = label_text(value)
        texts.append(known[value])
    return texts


def mapped(label_map: Mapping[str, str]) -> Classes:
    """Return the classes that a label map names; rows with other labels are left out."""
    return Classes(tuple(dict.fromkeys(label_map.values())), label_map, drops=True)


def found(labels: Iterable[str | None], named: Sequence[str] | None = None) -> Classes:
    """Return a class for each label, in an order that depends on the labels alone.

    The order is the source's own where it names its classes; else that of the numbers where all labels are numbers,
    decimals included, and of the characters' code points where they are not. Labels of equal value, such as 1 and 01,
    stand in the order of their characters.
    """
    distinct = {label for label in labels if label is not None}
    if named is not None and distinct <= set(named):
        names = [name for name in named if name in distinct]
    elif all(map(NUMBER.fullmatch, distinct)):
        names = sorted(distinct, key=lambda label: (Decimal(label), label))
    else:
        names = sorted(distinct)
    return Classes(tuple(names), dict(zip(names, names, strict=True)), drops=False)


def counted(labels: Iterable[str | None]) -> str:
    """Return how often each label occurs, most often first: "3 (120 rows), none (2 rows)"."""
    counts = Counter(labels)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0] or ""))
    shown = [
        f"{'none' if label is None else label} ({count:,} row{'s' * (count != 1)})" for label, count in ordered[:SHOWN]
    ]
    return ", ".join(shown) + (f" and {len(counts) - SHOWN} more" if len(counts) > SHOWN else "")
