"""Class names that are probably one class: `ham` and `Ham`, `1` and `01`, `Positive` and `Positve`."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import combinations

from data.label_map import LabelMap, joining
from data.labels import NUMBER

RARE = 0.01
"""A class of at most this share of another's rows may be a misspelling of it."""

SHORTEST = 4
"""Letters of a name that can be a misspelling: among shorter ones, one letter makes another word."""

IGNORED = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Pc", "Pd"})
"""Unicode categories: white space, control and invisible characters, dashes and underscores."""

FEWEST = 3
"""Rows of a class that can be trained, validated and tested on."""

MOST_SHOWN = 8
"""Rare classes that a sentence names."""

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
    similar = {name for a in alike for name in a.names}
    shown = [name for name in names if len(names) <= MOST_CLASSES or name in similar]
    rest = "" if len(shown) == len(names) else ";.."
    return f"classes that look alike: {listed}; join them with `label_map` '{joining_map(alike, shown)}{rest}'"


def described_rare(counts: Mapping[str, int]) -> str:
    """Return a sentence that names classes with too few rows and the label map that leaves them out; "" without any.

    Args:
        counts: class name -> its rows.
    """
    alike = {name for one in look_alikes(counts) for name in one.names}
    rare = [name for name, count in counts.items() if count < FEWEST and name not in alike]
    proposed = proposed_map(counts)
    if not rare or proposed is None:
        return ""
    listed = ", ".join(f"{name!r} ({counts[name]})" for name in rare[:MOST_SHOWN])
    more = f" and {len(rare) - MOST_SHOWN} more" if len(rare) > MOST_SHOWN else ""
    cure = (
        f"leave them out with `label_map` '{proposed}'"
        if len(counts) <= MOST_CLASSES
        else "a `label_map` leaves them out"
    )
    return f"classes with fewer than {FEWEST} rows, one each to train, validate and test: {listed}{more}; {cure}"


def proposed_map(counts: Mapping[str, int]) -> LabelMap | None:
    """Return the map that joins look-alike classes and leaves out those that are still too rare.

    Args:
        counts: class name -> its rows.

    Returns:
        None where no class is either, or fewer than two classes would be left.
    """
    target = {name: a.names[0] for a in look_alikes(counts) for name in a.names}
    joined = Counter({target.get(name, name): 0 for name in counts})
    for name, count in counts.items():
        joined[target.get(name, name)] += count
    kept = {name: target.get(name, name) for name in counts if joined[target.get(name, name)] >= FEWEST}
    changed = len(kept) < len(counts) or target
    return joining(kept) if changed and len(set(kept.values())) > 1 else None


def joining_map(alike: Sequence[LookAlikes], names: Sequence[str]) -> LabelMap:
    """Return the map that joins the classes that look alike and keeps the others of `names`."""
    target = {name: a.names[0] for a in alike for name in a.names}
    return joining({name: target.get(name, name) for name in names})


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
