"""Repeats: training and validation rows drawn anew, test rows as they are."""

import dataclasses

import numpy as np
import pytest

from data.dataset import Dataset, Split


def made(size, prefix, *, groups=False):
    return Split(
        texts=tuple(f"{prefix} {row}" for row in range(size)),
        labels=np.arange(size) % 2,
        lengths=np.full(size, 2),
        rows=np.arange(size),
        class_names=("neg", "pos"),
        groups=tuple(f"{prefix} g{row // 5}" for row in range(size)) if groups else None,
    )


DATASET = Dataset("x", made(400, "a"), made(100, "b"), made(100, "c"), leaked_test_rows=np.array([3]))
GROUPED = Dataset("x", made(400, "a", groups=True), made(100, "b", groups=True), made(100, "c", groups=True))


def test_repeat_0_is_the_plain_split():
    assert DATASET.redrawn(0) is DATASET


def test_a_repeat_below_0():
    with pytest.raises(ValueError, match="negative"):
        DATASET.redrawn(-1)


@pytest.mark.parametrize("dataset", [DATASET, GROUPED], ids=["rows", "groups"])
def test_training_and_validation_are_drawn_anew_from_both(dataset):
    again = dataset.redrawn(1)
    assert again.test is dataset.test
    assert again.leaked_test_rows is dataset.leaked_test_rows
    assert set(again.train.texts) | set(again.valid.texts) == set(dataset.train.texts) | set(dataset.valid.texts)
    assert len(again.train) + len(again.valid) == 500
    assert abs(len(again.valid) - 100) < 5
    assert again.valid.labels.mean() == pytest.approx(0.5, abs=0.1)
    assert 40 < sum(text.startswith("a") for text in again.valid.texts) < 99


def test_each_repeat_is_another_draw_and_always_the_same_one():
    prints = {DATASET.redrawn(repeat).fingerprint for repeat in range(6)}
    assert len(prints) == 6
    assert len({frozenset(DATASET.redrawn(repeat).valid.texts) for repeat in range(6)}) == 6
    assert DATASET.redrawn(2).fingerprint == DATASET.redrawn(2).fingerprint


@pytest.mark.parametrize("valid", [100, 2])
def test_training_samples_of_one_seed_are_other_rows_in_each_repeat(valid):
    dataset = Dataset("x", made(400, "a"), made(valid, "b"), made(100, "c"))
    samples = [set(dataset.redrawn(repeat).train.sample(100, seed=0).texts) for repeat in range(4)]
    for one in range(4):
        for other in range(one):
            assert len(samples[one] & samples[other]) < 50  # 20 to 25 by chance


def test_groups_are_never_in_both():
    for repeat in range(1, 4):
        again = GROUPED.redrawn(repeat)
        assert not set(again.train.groups) & set(again.valid.groups)


def test_groups_known_of_one_split_only_are_no_groups():
    again = dataclasses.replace(GROUPED, valid=made(100, "b")).redrawn(1)
    assert again.train.groups is None
    assert len(again.valid) == 100


def test_rows_split_by_time_are_redrawn_from_before_the_validation_rows():
    dataset = dataclasses.replace(DATASET, by_time=True)
    again = dataset.redrawn(1)
    assert again.valid is dataset.valid
    assert again.test is dataset.test
    assert set(again.train.texts) == set(dataset.train.texts)
    samples = [set(dataset.redrawn(repeat).train.sample(100, seed=0).texts) for repeat in range(3)]
    assert all(len(samples[one] & samples[other]) < 50 for one in range(3) for other in range(one))
    assert (dataset.redrawn_from, DATASET.redrawn_from) == (400, 500)
    assert dataset.fingerprint != DATASET.fingerprint  # repeats draw other rows
