"""Any source -> cleaned, deduplicated and split: the same for all of them."""

from collections.abc import Sequence

import numpy as np

from data.cleaning import clean, count_words, is_unicode
from data.dataset import DataError, Dataset, IntArray, Split
from data.source import RawDataset, RawSplit, RowOrder, Source
from data.splitting import first_occurrences, last_blocks, random_rows, whole_groups

SHARE = 4
"""Where no size is asked for, or one too large, one in so many rows is held out."""

LARGEST_VALID = 2_500
"""Validation rows that are cut where no size is asked for."""

SUBSAMPLE_SEED = 0


def prepare(source: Source, name: str, *, valid_size: int | None, test_size: int | None) -> Dataset:
    """Load, clean and split.

    Exact duplicates are dropped from training (and texts that occur with two labels, wholly). Test and validation rows
    are the source's own where it has them; else they are cut from training rows, by group where the source knows
    groups, as blocks where its order carries them, else at random, each class in its proportion. Test rows are never
    dropped for being duplicates: they are counted. Validation rows whose text is in training are dropped.

    Args:
        source: where the rows come from.
        name: what the user calls it.
        valid_size: validation rows; with groups, as near to so many as whole groups come. A size that would take more
            than half of the rows becomes a quarter of them, and the provenance says so. None takes all that the source
            has, or a quarter of its training rows, `LARGEST_VALID` at most.
        test_size: test rows, likewise; None takes all that the source has, or a quarter of its training rows.

    Raises:
        DataError: the source cannot be used, a text is empty, a label is of no class, or a split lacks a class.
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

    if len(train) < 2:
        raise DataError(f"{len(train)} training texts are left without duplicates, too few to split")
    if raw.test is None:
        size, why = _size(test_size, len(train))
        test, train, groups = _cut(train, groups, raw.order, size)
        facts["test rows"] = f"{_how(raw, 'cut from training')}{why}"
    else:
        test, facts["test rows"] = _own(_clean(raw.test, raw.class_names, "test"), test_size)
    if raw.valid is None:
        size, why = _size(valid_size, len(train), LARGEST_VALID)
        valid, train, _ = _cut(train, groups, raw.order, size)
        facts["validation rows"] = f"{_how(raw, 'cut from training')}{why}"
    else:
        valid, facts["validation rows"] = _own(_clean(raw.valid, raw.class_names, "validation"), valid_size)
        unseen = np.flatnonzero(~np.isin(valid.rows, _leaked(valid, (train,))))
        facts["validation texts dropped, since they occur in training"] = len(valid) - len(unseen)
        valid = valid.take(unseen)
    if groups is not None and raw.test is not None and raw.test.groups is not None:
        seen = set(groups)
        facts[f"test rows whose group ({raw.group_kind}) occurs in training"] = sum(g in seen for g in raw.test.groups)
    leaked = _leaked(test, (train, valid))
    facts["test texts that also occur in training"] = len(leaked)
    _check_classes({"training": train, "validation": valid, "test": test})
    shown = f"{name} ({raw.reading})" if raw.reading else name
    return Dataset(shown, train, valid, test, provenance={**raw.provenance, **facts}, leaked_test_rows=leaked)


def _clean(raw: RawSplit, class_names: tuple[str, ...], which: str) -> Split:
    texts = tuple(map(clean, raw.texts))
    empty = [index for index, text in enumerate(texts) if not text]
    if empty:
        first = empty[0] if raw.rows is None else raw.rows[empty[0]]
        raise DataError(f"{len(empty)} of {len(texts)} {which} texts are empty, the first in row {first}")
    others = np.setdiff1d(raw.labels, np.arange(len(class_names)))
    if len(others):
        raise DataError(f"{which} rows have label {others[0]} (choices: 0 to {len(class_names) - 1})")
    unwritable = [row for row, text in enumerate(texts) if not is_unicode(text)]
    if unwritable:
        raise DataError(
            f"{len(unwritable)} {which} texts hold half a character (a surrogate), the first in row {unwritable[0]}"
        )
    for name in class_names:
        if not is_unicode(name):
            raise DataError(f"the class name {name!r} holds half a character (a surrogate)")
    lengths = np.fromiter(map(count_words, texts), dtype=np.int64, count=len(texts))
    rows = np.arange(len(texts)) if raw.rows is None else raw.rows
    return Split(texts, raw.labels, lengths, rows, class_names)


def _size(asked: int | None, available: int, largest: int | None = None) -> tuple[int, str]:
    """Rows to cut from those available, and what to say of it."""
    share = max(available // SHARE, 1)
    if asked is None:
        return min(share, largest or share), ""
    if asked <= available // 2:
        return asked, ""
    return share, f"; a quarter of {available:,} rows, of which {asked:,} would be more than half"


def _own(split: Split, asked: int | None) -> tuple[Split, str]:
    """The source's own rows, or so many of them, and what to say of it."""
    if asked is None or asked >= len(split):
        return split, "the source's own"
    return split.sample(asked, SUBSAMPLE_SEED), f"{asked:,} of the source's own {len(split):,}, drawn at random"


def _cut(
    train: Split, groups: tuple[str, ...] | None, order: RowOrder, size: int
) -> tuple[Split, Split, tuple[str, ...] | None]:
    """The rows held out, the rows that stay, and these rows' groups."""
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
        return f"{cut}, whole groups ({raw.group_kind}) only, classes in proportion as far as they allow"
    return f"{cut}, {'the last rows' if raw.order == 'blocks' else 'at random'} of each class, in proportion"


def _leaked(test: Split, seen: Sequence[Split]) -> IntArray:
    """Row numbers of the test texts that occur in any of `seen`."""
    texts = {text for split in seen for text in split.texts}
    return np.array([row for row, text in zip(test.rows, test.texts, strict=True) if text in texts], dtype=np.int64)


def _check_classes(splits: dict[str, Split]) -> None:
    for which, split in splits.items():
        for label, name in enumerate(split.class_names):
            if not (split.labels == label).any():
                raise DataError(
                    f"no {which} row is of class {name!r}; every class must be in every split (a --label-map joins "
                    "classes or leaves one out)"
                )
