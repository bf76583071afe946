"""Clean, deduplicate and split the rows of any source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from data.arrays import FloatArray, IntArray
from data.cleaning import clean, count_words, is_unicode
from data.dataset import Dataset, Split
from data.errors import DataError
from data.source import Missing, RawDataset, RawSplit, Source, SplitOrder
from data.splitting import blocks, first_occurrences, held_out, latest

TEST_SHARE = 0.2
VALID_SHARE = 0.1
LARGEST_CUT = 10_000
"""Rows that are cut for testing, or for validation, where no size is asked for."""

SUBSAMPLE_SEED = 0

Size = int | float
Facts = dict[str, str | int]


@dataclass(frozen=True)
class _Rows:
    """Rows to cut from: a split, and when each text was written where that decides the cut."""

    split: Split
    times: FloatArray | None

    def take(self, index: IntArray) -> "_Rows":
        return _Rows(self.split.take(index), None if self.times is None else self.times[index])


def prepare(
    source: Source,
    name: str,
    *,
    valid_size: Size | None,
    test_size: Size | None,
    split_order: SplitOrder | None = None,
) -> Dataset:
    """Load, clean and split.

    Texts that are empty once cleaned are dropped and counted. Exact duplicates are dropped from training (and texts
    that occur with two labels, wholly). Test and validation rows are the source's own where it has them; else they are
    cut from training rows, and whole groups stay together where the source knows groups. Test rows are never dropped
    for being duplicates: they are counted. Validation rows whose text is in training are dropped.

    Args:
        source: where the rows come from.
        name: the user's name for it.
        valid_size: validation rows: a number, or a share below 1 of the rows outside the test set. None takes all that
            the source has, or cuts 10 % of its training rows, `LARGEST_CUT` at most. With groups, as near as whole
            groups come.
        test_size: test rows, likewise; None takes all that the source has, or cuts 20 %.
        split_order: how rows are cut from training; None takes the source's own order, or time where it knows times.

    Raises:
        DataError: the source cannot be used, a size is more than half of the rows to cut from, a label is of no class,
            or a class has no training row.
    """
    raw = source.load()
    facts: Facts = {}
    whole = _cleaned(raw.train, raw, "training", facts)
    order = _order(raw, split_order)
    if order == "blocks" and whole.split.groups is None:
        whole = replace(whole, split=replace(whole.split, groups=_block_of_row(raw.train, whole.split)))
    rows = _deduplicated(whole, facts)
    total = len(rows.split)
    if total < 2:
        raise DataError(f"{total} training texts are left without duplicates, too few to split")
    if rows.split.groups is not None:
        facts["groups"] = f"{len(set(rows.split.groups)):,} {_group_kind(raw, order)}"
    if raw.test is None:
        wanted = _rows_wanted(test_size, "test_size", total, TEST_SHARE * total)
        test, rows = _cut(rows, order, wanted, "test")
        facts["test rows"] = _how(raw, order)
    else:
        test, facts["test rows"] = _own(_cleaned(raw.test, raw, "test", facts).split, test_size)
    if raw.valid is None:
        wanted = _rows_wanted(valid_size, "valid_size", len(rows.split), VALID_SHARE * total)
        valid, rows = _cut(rows, order, wanted, "validation")
        facts["validation rows"] = _how(raw, order)
    else:
        valid, facts["validation rows"] = _own(_cleaned(raw.valid, raw, "validation", facts).split, valid_size)
        unseen = np.flatnonzero(~np.isin(valid.rows, _leaked(valid, (rows.split,))))
        facts["validation texts dropped, since they occur in training"] = len(valid) - len(unseen)
        valid = valid.take(unseen)
    train = rows.split
    _check_rows({"validation": valid, "test": test}, facts)
    _count_shared_groups(raw, train, {"validation": valid, "test": test}, facts)
    leaked = _leaked(test, (train, valid))
    facts["test texts that also occur in training"] = len(leaked)
    by_time = order == "time" and raw.valid is None
    notes = (*raw.notes, *_empty_notes(facts), *_class_notes(train, {"validation": valid, "test": test}, facts))
    shown = f"{name} ({raw.reading})" if raw.reading else name
    return Dataset(shown, train, valid, test, {**raw.provenance, **facts}, leaked, notes, by_time)


def _check_rows(splits: Mapping[str, Split], facts: Facts) -> None:
    """Refuse a split without a row: no model could be selected, or measured."""
    for which, split in splits.items():
        if not len(split):
            dropped = int(facts.get(f"{which} texts dropped, since they occur in training", 0))
            why = f": all {dropped:,} occur in training" if dropped else ""
            raise DataError(
                f"no {which} text is left{why} (cure: leave the {which} file out, and texts are held out of training)"
            )


def _cleaned(raw: RawSplit, dataset: RawDataset, which: str, facts: Facts) -> _Rows:
    """Clean the texts; drop empty ones and count them, or refuse them."""
    texts = list(map(clean, raw.texts))
    others = np.setdiff1d(raw.labels, np.arange(len(dataset.class_names)))
    if len(others):
        raise DataError(f"{which} rows have label {others[0]} (choices: 0 to {len(dataset.class_names) - 1})")
    rows = np.arange(len(texts)) if raw.rows is None else raw.rows
    _check_unicode(texts, rows, dataset.class_names, which)
    lengths = np.fromiter(map(count_words, texts), dtype=np.int64, count=len(texts))
    split = Split(tuple(texts), raw.labels, lengths, rows, dataset.class_names, raw.groups)
    filled = np.array([index for index, text in enumerate(texts) if text], dtype=np.int64)
    _count_empty(len(texts) - len(filled), rows, filled, which, dataset.missing, facts)
    return _Rows(split, raw.times).take(filled)


def _count_empty(empty: int, rows: IntArray, filled: IntArray, which: str, missing: Missing, facts: Facts) -> None:
    if not empty:
        return
    if missing == "error":
        first = np.setdiff1d(rows, rows[filled])[0]
        raise DataError(
            f"{empty} of {len(rows)} {which} texts are empty, the first in row {first}; with `missing` drop, such rows "
            "are left out"
        )
    facts[f"{which} rows dropped, their text empty"] = f"{empty:,} of {len(rows):,}"


def _check_unicode(texts: Sequence[str], rows: IntArray, class_names: Sequence[str], which: str) -> None:
    bad = [row for row, text in zip(rows, texts, strict=True) if not is_unicode(text)]
    if bad:
        raise DataError(f"{len(bad)} {which} texts hold half a character (a surrogate), the first in row {bad[0]}")
    for name in class_names:
        if not is_unicode(name):
            raise DataError(f"the class name {name!r} holds half a character (a surrogate)")


def _deduplicated(whole: _Rows, facts: Facts) -> _Rows:
    texts = whole.split.texts
    rows = whole.take(first_occurrences(texts, whole.split.labels))
    kept = set(rows.split.texts)
    conflicting = sum(text not in kept for text in texts)
    facts["duplicates dropped from training"] = len(texts) - len(kept) - conflicting
    facts["texts with two labels dropped from training"] = conflicting
    return rows


def _block_of_row(raw: RawSplit, split: Split) -> tuple[str, ...]:
    """Return the block of each text, by its place among all rows of the source."""
    rows = np.arange(len(raw.texts)) if raw.rows is None else raw.rows
    names = dict(zip(rows.tolist(), blocks(len(rows)), strict=True))
    return tuple(names[row] for row in split.rows.tolist())


def _order(raw: RawDataset, asked: SplitOrder | None) -> SplitOrder:
    if asked == "time" and raw.train.times is None:
        raise DataError("`split_order` time needs to know when each text was written; name a `time_column`")
    return asked or ("time" if raw.train.times is not None else raw.order)


def _rows_wanted(asked: Size | None, option: str, available: int, default: float) -> int:
    """Return the rows to cut from those available.

    Raises:
        DataError: they would be more than half.
    """
    if asked is None:
        return max(1, min(round(default), LARGEST_CUT, available // 2))
    wanted = round(asked * available) if asked < 1 else round(asked)
    if not 0 < wanted <= available // 2:
        raise DataError(
            f"`{option}` {asked}: {available:,} rows are there to cut from (choices: 1 to {available // 2}, or a share "
            "of them up to 0.5)"
        )
    return wanted


def _cut(rows: _Rows, order: SplitOrder, size: int, which: str) -> tuple[Split, _Rows]:
    """Return the split that is held out, and the rows that stay."""
    split = rows.split
    if order == "time" and rows.times is not None:
        held = latest(rows.times, split.texts, split.groups, size)
    else:
        held = held_out(split.labels, split.texts, split.groups, size)
    if not 0 < len(held) < len(split):
        number = len(split) if split.groups is None else len(set(split.groups))
        kind = "rows" if split.groups is None else "groups"
        raise DataError(f"no {which} rows can be cut from {len(split):,} training rows in {number:,} {kind}")
    stay = np.setdiff1d(np.arange(len(split)), held)
    return split.take(held), rows.take(stay)


def _group_kind(raw: RawDataset, order: SplitOrder) -> str:
    return "blocks of neighbouring rows" if order == "blocks" and raw.train.groups is None else raw.group_kind


def _how(raw: RawDataset, order: SplitOrder) -> str:
    grouped = raw.train.groups is not None
    if order == "time":
        return f"cut from training: the latest {f'groups ({raw.group_kind}), whole' if grouped else 'rows'}"
    if grouped or order == "blocks":
        whole = f"whole groups ({_group_kind(raw, order)})"
        return f"cut from training at random, {whole}, classes in proportion as far as they allow"
    return "cut from training at random, classes in proportion"


def _own(split: Split, asked: Size | None) -> tuple[Split, str]:
    """Return the source's own rows, or as many of them as asked for, and a sentence that says so."""
    if asked is None or asked >= len(split):
        return split, "the source's own"
    wanted = max(1, round(asked * len(split))) if asked < 1 else round(asked)
    return split.sample(wanted, SUBSAMPLE_SEED), f"{wanted:,} of the source's own {len(split):,}, drawn at random"


def _leaked(test: Split, seen: Sequence[Split]) -> IntArray:
    """Return the row numbers of the test texts that occur in any of `seen`."""
    texts = {text for split in seen for text in split.texts}
    return np.array([row for row, text in zip(test.rows, test.texts, strict=True) if text in texts], dtype=np.int64)


def _count_shared_groups(raw: RawDataset, train: Split, held: Mapping[str, Split], facts: Facts) -> None:
    """Count the held-out rows of a source's own splits that are of a group in training."""
    for which, split in held.items():
        if train.groups is not None and split.groups is not None:
            seen = set(train.groups)
            shared = sum(group in seen for group in split.groups)
            own = {"validation": raw.valid, "test": raw.test}[which] is not None
            if own or shared:
                facts[f"{which} rows whose group ({raw.group_kind}) occurs in training"] = shared


def _empty_notes(facts: Facts) -> list[str]:
    return [f"{key}: {value}" for key, value in facts.items() if key.endswith("rows dropped, their text empty")]


def _class_notes(train: Split, held: Mapping[str, Split], facts: Facts) -> list[str]:
    """Say which classes a held-out split lacks.

    Raises:
        DataError: training lacks one.
    """
    notes = []
    for which, split in {"training": train, **held}.items():
        found = set(split.labels.tolist())
        absent = [name for label, name in enumerate(split.class_names) if label not in found]
        if not absent:
            continue
        named = f"{', '.join(map(repr, absent[:8]))}{f' and {len(absent) - 8} more' if len(absent) > 8 else ''}"
        if which == "training":
            raise DataError(f"no training row is of class {named}; a `label_map` joins classes or leaves one out")
        facts[f"classes without a {which} row"] = f"{len(absent)} of {split.num_classes}: {named}"
        notes.append(f"{len(absent)} of {split.num_classes} classes have no {which} row: {named}")
    return notes
