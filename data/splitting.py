"""Choose the rows to hold out and the rows to drop.

Draws are seeded by content: a row's place in the draw is a hash of its text (or its group's name), not of its place in
the file. The same rows in another order are split the same way, and rows added later move few of the others.
"""

import hashlib
from collections.abc import Sequence

import numpy as np

from data.arrays import FloatArray, IntArray

SEED = 0
"""Seed of the plain split; repeats use seeds from 1."""

LARGEST_BLOCK = 50
"""Rows of a block, where a file's order carries clusters that nobody names."""

LEAST_BLOCKS = 100
"""Blocks that a file is cut into, if it has that many rows."""


def first_occurrences(texts: Sequence[str], labels: IntArray) -> IntArray:
    """Return the indices, in order, of the texts to keep: the first of each; none of a text that has two labels."""
    first: dict[str, int] = {}
    contradictory: set[str] = set()
    for index, text in enumerate(texts):
        if labels[first.setdefault(text, index)] != labels[index]:
            contradictory.add(text)
    return np.array([index for text, index in first.items() if text not in contradictory], dtype=np.int64)


def content_order(names: Sequence[str], *, seed: int) -> IntArray:
    """Return the indices (N,) that put `names` in a random order, decided by `seed` and each name alone."""
    keys = [
        hashlib.blake2b(f"{seed}\0{name}".encode("utf-8", "surrogatepass"), digest_size=16).digest() for name in names
    ]
    return np.array(sorted(range(len(names)), key=keys.__getitem__), dtype=np.int64)


def held_out(
    labels: IntArray, texts: Sequence[str], groups: Sequence[str] | None, size: int, *, seed: int = SEED
) -> IntArray:
    """Return the indices of about `size` rows drawn at random: whole groups where there are groups.

    Args:
        labels: (N,) class indices.
        texts: N distinct texts.
        groups: N group names; None draws single rows.
        size: rows wanted.
        seed: which draw.
    """
    if groups is None:
        return random_rows(labels, texts, size, seed=seed)
    return whole_groups(labels, groups, size, seed=seed)


def random_rows(labels: IntArray, texts: Sequence[str], size: int, *, seed: int = SEED) -> IntArray:
    """Return the indices of `size` rows drawn at random, classes in the proportions of the whole."""
    order = content_order(texts, seed=seed)
    drawn = [order[labels[order] == label][:count] for label, count in _quotas(labels, size).items()]
    return np.sort(np.concatenate(drawn))


def whole_groups(labels: IntArray, groups: Sequence[str], size: int, *, seed: int = SEED) -> IntArray:
    """Return the indices of whole groups drawn at random, classes in the proportions of the whole.

    In random order, each group is taken that fits into the remaining share of every class. The rest is filled with the
    group that comes nearest, regardless of its classes, as long as that reduces the difference. So the number of
    rows is off by half of the largest group at most, unless a class would have no row left or one group is larger
    than `size`.
    """
    names, group_of_row = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
    counts = _rows_by_class(labels, group_of_row, len(names))
    room = np.array(list(_quotas(labels, size).values()))
    spare = counts.sum(axis=0) - 1  # a class keeps a row for training
    taken = np.zeros(len(counts), dtype=bool)
    for group in content_order(names.tolist(), seed=seed):
        if (counts[group] <= room).all() and (counts[group] <= spare).all():
            taken[group] = True
            room -= counts[group]
            spare -= counts[group]
    left, sizes = int(room.sum()), counts.sum(axis=1)
    while left > 0:
        able = np.flatnonzero(~taken & (counts <= spare).all(axis=1))
        if not len(able):
            break
        nearest = able[np.argmin(np.abs(left - sizes[able]))]
        if abs(left - sizes[nearest]) >= left and taken.any():
            break
        taken[nearest] = True
        spare -= counts[nearest]
        left -= int(sizes[nearest])
    return np.flatnonzero(taken[group_of_row])


def latest(times: FloatArray, texts: Sequence[str], groups: Sequence[str] | None, size: int) -> IntArray:
    """Return the indices of about `size` rows with the latest `times` (N,); whole groups, by their latest row.

    Rows of equal time are ordered by content, so the cut depends on no order in the file.
    """
    names = [str(index) for index in range(len(texts))] if groups is None else list(groups)
    last: dict[str, float] = {}
    tie: dict[str, str] = {}
    members: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        last[name] = max(last.get(name, -np.inf), float(times[index]))
        tie[name] = texts[index] if groups is None else name
        members.setdefault(name, []).append(index)
    held: list[int] = []
    for name in sorted(members, key=lambda name: (last[name], tie[name]), reverse=True):
        if held and abs(len(held) + len(members[name]) - size) > abs(len(held) - size):
            break
        held += members[name]
    return np.sort(np.array(held, dtype=np.int64))


def blocks(size: int) -> tuple[str, ...]:
    """Return the block of each of `size` rows: short runs of neighbours, for a file whose order carries clusters.

    Many short blocks over the whole file rather than one at its end: a file sorted by date, length or class is split
    alike. A cluster is shared by two splits only where an edge of a block cuts it.
    """
    rows = max(1, min(LARGEST_BLOCK, size // LEAST_BLOCKS))
    return tuple(f"block {index // rows}" for index in range(size))


def _rows_by_class(labels: IntArray, group_of_row: IntArray, groups: int) -> IntArray:
    """Return (groups, classes) numbers of rows."""
    classes, class_of_row = np.unique(labels, return_inverse=True)
    counts = np.zeros((groups, len(classes)), dtype=np.int64)
    np.add.at(counts, (group_of_row, class_of_row), 1)
    return counts


def _quotas(labels: IntArray, size: int) -> dict[int, int]:
    """Return class -> its rows among `size`, by largest remainder.

    At least one of each class where there is room for it, and never the last row of a class: training needs it.
    """
    classes, counts = np.unique(labels, return_counts=True)
    exact = counts * (size / len(labels))
    quotas = np.floor(exact).astype(np.int64)
    short = size - int(quotas.sum())
    quotas[np.argsort(quotas - exact, kind="stable")[:short]] += 1
    for rare in np.flatnonzero(quotas == 0) if size >= len(classes) else ():
        quotas[rare], quotas[quotas.argmax()] = 1, quotas.max() - 1
    quotas = np.minimum(quotas, counts - 1)
    return dict(zip(classes.tolist(), quotas.tolist(), strict=True))
