"""Class names that are probably one class: `ham` and `Ham`, `1` and `01`, `Positive` and `Positve`."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import combinations

from data.label_map import joining
from data.labels import NUMBER

RARE = 0.01
"""A class of at most this share of another's rows may be a misspelling of it."""

SHORTEST = 4
"""Letters of a name that can be a misspelling: among shorter ones, one letter makes another word."""

IGNORED = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Pc", "Pd"})
"""Unicode categories: white space, control and invisible characters, dashes and underscores."""

MOST_CLASSES = 12
"""Classes of a proposed map; with more, only the classes to be joined are shown."""


@dataclass(frozen=True)
class LookAlikes:
    """Class names that are probably one class; the first has the most rows."""

    names: tuple[str, ...]
    counts: tuple[int, ...]


def look_alikes(counts: Mapping[str, int]) -> list[LookAlikes]:
    """Return the sets of class names that look alike.

    Names are alike where they differ in case, white space, dashes, width or leading zeros only; or where a rare
    one is a slip of the pen from a frequent one: a letter more, less, other or exchanged with its neighbour.

    Args:
        counts: class name -> its rows.
    """
    joined = {name: {name} for name in counts}
    keys: dict[str, str] = {}
    for name in counts:
        _join(joined, keys.setdefault(_folded(name), name), name)
    for rare, other in _rare_pairs(counts):
        if _is_misspelling(rare, other):
            _join(joined, other, rare)
    sets = {frozenset(names) for names in joined.values() if len(names) > 1}
    found = [sorted(names, key=lambda name: (-counts[name], name)) for names in sets]
    return [LookAlikes(tuple(names), tuple(counts[name] for name in names)) for names in sorted(found)]


def described(alike: Sequence[LookAlikes], names: Sequence[str]) -> str:
    """Return a sentence that names the classes and the label map that would join them.

    Args:
        alike: sets of names, at least one.
        names: all class names, in order.
    """
    listed = "; ".join(
        " and ".join(
            f"{name!r} ({count:,} row{'s' * (count != 1)})" for name, count in zip(a.names, a.counts, strict=True)
        )
        for a in alike
    )
    target = {name: a.names[0] for a in alike for name in a.names}
    shown = [name for name in names if len(names) <= MOST_CLASSES or name in target]
    rest = "" if len(shown) == len(names) else ";.."
    proposed = joining({name: target.get(name, name) for name in shown})
    return f"classes that look alike: {listed}; join them with `label_map` '{proposed}{rest}'"


def _join(joined: dict[str, set[str]], one: str, other: str) -> None:
    together = joined[one] | joined[other]
    for name in together:
        joined[name] = together


def _folded(name: str) -> str:
    """Return a name without case, width, white space, dashes, invisible characters and leading zeros."""
    if NUMBER.fullmatch(name):
        return f"number {Fraction(Decimal(name))}"
    folded = unicodedata.normalize("NFKC", name).casefold()
    letters = "".join(c for c in folded if unicodedata.category(c) not in IGNORED)
    return re.sub(r"(?<!\d)0+(?=\d)", "", letters) or name


def _rare_pairs(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    """Return (rare, frequent) pairs of names."""
    pairs = []
    for one, other in combinations(sorted(counts, key=lambda name: (counts[name], name)), 2):
        if counts[one] <= max(2, RARE * counts[other]) and counts[one] < counts[other]:
            pairs.append((one, other))
    return pairs


def _is_misspelling(name: str, other: str) -> bool:
    """Whether the names are one edit apart (optimal string alignment) and long enough for that to mean something."""
    one, two = name.casefold(), other.casefold()
    if min(len(one), len(two)) < SHORTEST or abs(len(one) - len(two)) > 1 or not (one + two).replace(" ", "").isalpha():
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    a, b = one[start:], two[start:]
    exchanged = len(a) > 1 and len(b) > 1 and a[0] == b[1] and a[1] == b[0] and a[2:] == b[2:]
    return exchanged or a[1:] == b or a == b[1:] or a[1:] == b[1:]
