"""Any source -> cleaned, deduplicated and split: the same for all of them."""

from collections.abc import Sequence

import numpy as np

from data.cleaning import clean, count_words
from data.dataset import DataError, Dataset, IntArray, Split
from data.source import RawDataset, RawSplit, RowOrder, Source
from data.splitting import first_occurrences, last_blocks, random_rows, whole_groups

TEST_SHARE = 4
"""Where a source has no test rows, one in so many training rows becomes one, unless a size is asked for."""

SUBSAMPLE_SEED = 0


def prepare(source: Source, name: str, *, valid_size: int, test_size: int | None) -> Dataset:
    """Load, clean and split.

    Exact duplicates are dropped from training (and texts that occur with two labels, wholly); validation is cut from
    training rows, by group where the source knows groups, as blocks where its order carries them, else at random; so
    is test, only where the source has none. Test rows are never dropped for being duplicates: they are counted.

    Args:
        source: where the rows come from.
        name: what the user calls it.
        valid_size: validation rows; with groups, as near to so many as whole groups come.
        test_size: test rows; None takes all that the source has, or a quarter of its training rows.

    Raises:
        DataError: the source cannot be used or has fewer rows than asked for, a text is empty, a label is of no class,
            or a split lacks a class.
    """
    raw = source.load()
    whole = _clean(raw.train, raw.class_names, "training")
    kept = first_occurrences(whole.texts, whole.labels)
    train = whole.take(kept)
    groups = None if raw.train.groups is None else tuple(raw.train.groups[i] for i in kept)
    conflicting = len(whole) - sum(map(set(train.texts).__contains__, whole.texts))
    facts: dict[str, str | int] = {
        "duplicates dropped from training": len(whole) - len(train) - conflicting,
        "texts with two labels dropped from training": conflicting,
    }

    if raw.test is None:
        size = len(train) // TEST_SHARE if test_size is None else test_size
        test, train, groups = _cut(train, groups, raw.order, size, "test")
        facts["test rows"] = _how(raw, "cut from training")
    else:
        test = _clean(raw.test, raw.class_names, "test")
        facts["test rows"] = "the source's own"
        if test_size is not None and test_size > len(test):
            raise DataError(f"{test_size} test rows asked for, but it has {len(test)}")
        if test_size is not None and test_size < len(test):
            facts["test rows"] = f"{test_size} of the source's own {len(test)}, drawn at random"
            test = test.sample(test_size, seed=SUBSAMPLE_SEED)
    valid, train, _ = _cut(train, groups, raw.order, valid_size, "validation")
    facts["validation rows"] = _how(raw, "cut from training")
    leaked = _leaked(test, (train, valid))
    facts["test texts that also occur in training"] = len(leaked)
    _check_classes({"training": train, "validation": valid, "test": test})
    return Dataset(name, train, valid, test, provenance={**raw.provenance, **facts}, leaked_test_rows=leaked)


def _clean(raw: RawSplit, class_names: tuple[str, ...], which: str) -> Split:
    texts = tuple(map(clean, raw.texts))
    empty = [row for row, text in enumerate(texts) if not text]
    if empty:
        raise DataError(f"{len(empty)} of {len(texts)} {which} texts are empty, the first in row {empty[0]}")
    others = np.setdiff1d(raw.labels, np.arange(len(class_names)))
    if len(others):
        raise DataError(f"{which} rows have label {others[0]} (choices: 0 to {len(class_names) - 1})")
    lengths = np.fromiter(map(count_words, texts), dtype=np.int64, count=len(texts))
    return Split(texts, raw.labels, lengths, np.arange(len(texts)), class_names)


def _cut(
    train: Split, groups: tuple[str, ...] | None, order: RowOrder, size: int, which: str
) -> tuple[Split, Split, tuple[str, ...] | None]:
    """The rows held out, the rows that stay, and these rows' groups."""
    if size >= len(train):
        raise DataError(f"{size} {which} rows asked for, but there are only {len(train)} rows to cut them from")
    if groups is not None:
        held = whole_groups(train.labels, groups, size)
    elif order == "blocks":
        held = last_blocks(train.labels, size)
    else:
        held = random_rows(train.labels, size)
    stay = np.setdiff1d(np.arange(len(train)), held)
    return train.take(held), train.take(stay), None if groups is None else tuple(groups[i] for i in stay)


def _how(raw: RawDataset, cut: str) -> str:
    if raw.train.groups is not None:
        return f"{cut}, whole groups (films) only"
    return f"{cut}, the last rows of each class" if raw.order == "blocks" else f"{cut}, at random within each class"


def _leaked(test: Split, seen: Sequence[Split]) -> IntArray:
    """Row numbers of the test texts that occur in any of `seen`."""
    texts = {text for split in seen for text in split.texts}
    return np.array([row for row, text in zip(test.rows, test.texts, strict=True) if text in texts], dtype=np.int64)


def _check_classes(splits: dict[str, Split]) -> None:
    for which, split in splits.items():
        for label, name in enumerate(split.class_names):
            if not (split.labels == label).any():
                raise DataError(f"no {which} row is of class {name!r}; every class must be in every split")
