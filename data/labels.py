"""A column of labels, whatever they are (numbers, words, truth values) -> class indices."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from data.dataset import DataError, IntArray

WHOLE_NUMBER = re.compile(r"(-?\d+)\.0+")
INTEGER = re.compile(r"-?\d+")
SHOWN = 8
"""Labels that a message names at most."""


@dataclass(frozen=True)
class Classes:
    """What the labels of a table mean.

    Attributes:
        names: the class names, by index.
        of_label: label, as `label_text` writes it -> class name.
        drops: whether rows with another label are left out, rather than an error.
    """

    names: tuple[str, ...]
    of_label: Mapping[str, str]
    drops: bool

    def number(self, labels: Sequence[str | None]) -> IntArray:
        """(N,) class indices; -1 where a label is of no class."""
        indices = {label: self.names.index(name) for label, name in self.of_label.items()}
        return np.array([-1 if label is None else indices.get(label, -1) for label in labels], dtype=np.int64)


def label_text(value: object) -> str | None:
    """A label as text, the same from every kind of file: 1, 1.0 and "1.0" are "1"; None where there is none.

    Raises:
        DataError: the value is a list or the like.
    """
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    if not isinstance(value, str | bool | int | float | np.generic):
        raise DataError(f"a label is one value, not {type(value).__name__}")
    text = str(value).strip()
    whole = WHOLE_NUMBER.fullmatch(text)
    return (whole[1] if whole else text) or None


def mapped(label_map: Mapping[str, str]) -> Classes:
    """The classes that a label map names; rows of other labels are left out."""
    return Classes(tuple(dict.fromkeys(label_map.values())), label_map, drops=True)


def found(labels: Iterable[str | None], named: Sequence[str] | None = None) -> Classes:
    """Every label is a class of that name: in the order `named` by the source, else by number or by alphabet."""
    distinct = {label for label in labels if label is not None}
    if named is not None and distinct <= set(named):
        names = [name for name in named if name in distinct]
    elif all(map(INTEGER.fullmatch, distinct)):
        names = sorted(distinct, key=int)
    else:
        names = sorted(distinct)
    return Classes(tuple(names), dict(zip(names, names, strict=True)), drops=False)


def counted(labels: Iterable[str | None]) -> str:
    """How often each label occurs, most often first: "3 (120 rows), none (2 rows)"."""
    counts = Counter(labels)
    shown = [
        f"{'none' if label is None else label} ({count:,} row{'s' * (count != 1)})"
        for label, count in counts.most_common(SHOWN)
    ]
    return ", ".join(shown) + (f" and {len(counts) - SHOWN} more" if len(counts) > SHOWN else "")
