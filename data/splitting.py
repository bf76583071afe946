"""Which rows are held out, and which rows must go."""

from collections.abc import Sequence

import numpy as np

from data.dataset import IntArray

SEED = 0
"""Of every random cut: the same rows for everybody."""


def first_occurrences(texts: Sequence[str], labels: IntArray) -> IntArray:
    """Indices, in order, of the texts to keep: the first of each; none of a text that occurs with two labels."""
    first: dict[str, int] = {}
    contradictory: set[str] = set()
    for index, text in enumerate(texts):
        if labels[first.setdefault(text, index)] != labels[index]:
            contradictory.add(text)
    return np.array([index for text, index in first.items() if text not in contradictory], dtype=np.int64)


def last_blocks(labels: IntArray, size: int) -> IntArray:
    """Indices of the last rows of each class, `size` in all, classes in the proportions of the whole.

    Where neighbouring rows are alike (reviews of one film), a block shares a film with the rest at its one edge only.
    """
    return np.sort(
        np.concatenate(
            [
                np.flatnonzero(labels == label)[-count:] if count else np.empty(0, dtype=np.int64)
                for label, count in _quotas(labels, size).items()
            ]
        )
    )


def random_rows(labels: IntArray, size: int) -> IntArray:
    """Indices of `size` rows drawn at random, classes in the proportions of the whole."""
    generator = np.random.default_rng(SEED)
    return np.sort(
        np.concatenate(
            [
                generator.choice(np.flatnonzero(labels == label), count, replace=False)
                for label, count in _quotas(labels, size).items()
            ]
        )
    )


def whole_groups(labels: IntArray, groups: Sequence[str], size: int) -> IntArray:
    """Indices of whole groups drawn at random, classes in the proportions of the whole.

    In random order, each group is taken that fits into what is left of every class's share. What is then still missing
    is filled with the group that comes nearest, whatever its classes, for as long as one comes nearer; so the number of
    rows is off by half of the largest group at most.
    """
    _, group_of_row = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
    classes, class_of_row = np.unique(labels, return_inverse=True)
    counts = np.zeros((group_of_row.max() + 1, len(classes)), dtype=np.int64)  # (groups, classes) rows
    np.add.at(counts, (group_of_row, class_of_row), 1)
    room = np.array(list(_quotas(labels, size).values()))
    taken = np.zeros(len(counts), dtype=bool)
    for group in np.random.default_rng(SEED).permutation(len(counts)):
        if (counts[group] <= room).all():
            taken[group] = True
            room -= counts[group]
    left, sizes = int(room.sum()), counts.sum(axis=1)
    while left > 0 and not taken.all():
        nearest = min(np.flatnonzero(~taken), key=lambda group: abs(left - sizes[group]))
        if abs(left - sizes[nearest]) >= left:
            break
        taken[nearest] = True
        left -= int(sizes[nearest])
    return np.flatnonzero(taken[group_of_row])


def _quotas(labels: IntArray, size: int) -> dict[int, int]:
    """Class -> rows of it among `size`, by largest remainder; at least one of each where there is room for it."""
    classes, counts = np.unique(labels, return_counts=True)
    exact = counts * (size / len(labels))
    quotas = np.floor(exact).astype(np.int64)
    short = size - int(quotas.sum())
    quotas[np.argsort(quotas - exact, kind="stable")[:short]] += 1
    for rare in np.flatnonzero(quotas == 0) if size >= len(classes) else ():
        quotas[rare], quotas[quotas.argmax()] = 1, quotas.max() - 1
    return dict(zip(classes.tolist(), quotas.tolist(), strict=True))
