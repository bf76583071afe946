import dataclasses

import numpy as np
import pytest

from data.dataset import Dataset, Split
from data.near_duplicates import near_duplicates

WORDS = [f"word{number}" for number in range(500)]


def review(seed, size=120):
    return list(np.random.default_rng(seed).choice(WORDS, size))


def split(texts, first=0):
    n = len(texts)
    return Split(tuple(" ".join(t) for t in texts), np.arange(n) % 2, np.full(n, 120), first + np.arange(n), ("a", "b"))


@pytest.fixture
def dataset():
    return Dataset(
        "toy", split([review(i) for i in range(40)]), split([review(i) for i in range(100, 110)]),
        split([review(i) for i in range(200, 220)], first=1000),
    )  # fmt: skip


def planted(dataset, text):
    test = dataclasses.replace(dataset.test, texts=(" ".join(text), *dataset.test.texts[1:]))
    return dataclasses.replace(dataset, test=test)


def test_texts_that_have_nothing_in_common_are_none(dataset):
    assert near_duplicates(dataset) == []


@pytest.mark.parametrize("original", [3, 104], ids=["of training", "of validation"])
def test_a_review_with_a_few_words_changed_is_found(dataset, original):
    changed = review(original)
    changed[10], changed[80] = "other", "words"
    assert near_duplicates(planted(dataset, changed)) == [1000]


def test_a_review_that_shares_half_is_not(dataset):
    assert near_duplicates(planted(dataset, review(3)[:60] + review(999)[:60])) == []


def test_short_texts_are_compared_whole(dataset):
    short = dataclasses.replace(dataset, train=split([["fine"], ["bad"]]), test=split([["fine"], ["poor"]], first=5))
    assert near_duplicates(short) == [5]
