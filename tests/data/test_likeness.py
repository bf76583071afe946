"""The audit of splits: loud where test rows differ from training rows, silent where they were drawn at random."""

import dataclasses

import numpy as np
import pytest

from data.dataset import Dataset, Split
from data.likeness import _length_shift, splits_alike
from data.prepare import prepare
from data.source import RawDataset, RawSplit, Source

WORDS = np.array([f"word{number}" for number in range(2_000)])
WEIGHTS = 1 / np.arange(1, 2_001)
WEIGHTS /= WEIGHTS.sum()


def split(texts, labels=None, groups=None):
    return Split(
        texts=tuple(texts),
        labels=np.arange(len(texts)) % 2 if labels is None else labels,
        lengths=np.array([len(text.split()) for text in texts]),
        rows=np.arange(len(texts)),
        class_names=("neg", "pos"),
        groups=groups,
    )


def drawn(size, seed, words=None, own=""):
    """`size` texts of Zipf's frequencies, each of as many words as `words` or as drawn."""
    generator = np.random.default_rng(seed)
    lengths = generator.geometric(1 / 20, size) + 2 if words is None else words
    return [
        " ".join([*generator.choice(WORDS, count, p=WEIGHTS), own]) + f" {seed} {row}"
        for row, count in enumerate(lengths)
    ]


class Made(Source):
    def __init__(self, texts):
        self.texts = texts

    def load(self):
        return RawDataset(RawSplit(tuple(self.texts), np.arange(len(self.texts)) % 2), None)


SORTED = sorted(drawn(3_000, 0), key=lambda text: len(text.split()))


def test_a_random_cut_of_a_file_sorted_by_length_is_alike():
    found = splits_alike(prepare(Made(SORTED), "x", valid_size=None, test_size=None))
    assert found.alike, found.reason
    assert "AUC 0." in found.reason
    assert found.auc.low < 0.5 < found.auc.high


@pytest.mark.parametrize("words", [1, 2, 3, 6])
def test_texts_of_one_length_are_alike_in_length(words):
    for size in (50, 77, 1_234, 2_000):
        shift = _length_shift(split(["word " * words] * size), split(["word " * words] * (size + 13)))
        assert (abs(shift.value), shift.least) == pytest.approx((0, 0), abs=1e-9)


def test_the_tail_of_a_file_sorted_by_length_is_not():
    found = splits_alike(Dataset("x", split(SORTED[:2_400]), split(SORTED[2_400:2_500]), split(SORTED[2_500:])))
    assert not found.alike
    assert "times the words" in found.reason
    assert found.length_ratio > 2


def test_other_words_are_told_by_the_model_alone():
    """As many words, the same classes; a third of the test texts hold a word that training has not."""
    train, test = drawn(1_500, 1, words=[20] * 1_500), drawn(1_500, 2, words=[20] * 1_500, own="")
    test = [text + " hashtag" if row % 3 == 0 else text + " word1" for row, text in enumerate(test)]
    train = [f"{text} word1" for text in train]
    found = splits_alike(Dataset("x", split(train), split(train[:10]), split(test)))
    assert not found.alike
    assert len(found.differences) == 1
    assert "a linear model tells test from training texts" in found.reason


def test_other_class_shares_are_said():
    texts = drawn(3_000, 3, words=[20] * 3_000)
    train, test = split(texts[:1_500]), split(texts[1_500:], labels=(np.arange(1_500) % 4 == 0).astype(np.int64))
    found = splits_alike(Dataset("x", train, train, test))
    assert found.differences == ("the shares of the classes differ by 25.0% of the rows",)


def test_words_of_a_group_are_no_difference_where_groups_are_whole():
    """Films have names: a random draw of films is a random draw, however well a model knows the films."""
    texts, groups = [], []
    for film in range(300):
        texts += drawn(8, 100 + film, own=f"film{film} actor{film}")
        groups += [f"film {film}"] * 8
    train, test = slice(0, 1_800), slice(1_800, 2_400)
    known = Dataset("x", *(split(texts[part], groups=tuple(groups[part])) for part in (train, train, test)))
    assert splits_alike(known).alike
    forgotten = dataclasses.replace(
        known,
        train=dataclasses.replace(known.train, groups=None),
        test=dataclasses.replace(known.test, groups=None),
    )
    assert not splits_alike(forgotten).alike


@pytest.mark.parametrize("seed", range(8))
def test_no_alarm_at_random(seed):
    texts = drawn(1_200, 10 + seed)
    order = np.random.default_rng(seed).permutation(1_200)
    parts = [split([texts[row] for row in order[part]]) for part in (slice(0, 900), slice(0, 10), slice(900, 1_200))]
    found = splits_alike(Dataset("x", *parts))
    assert found.alike, found.reason


def test_small_data_cannot_tell_and_raises_no_alarm():
    tiny = split(["a b c", "b c d", "c d e", "d e f"])
    found = splits_alike(Dataset("x", tiny, tiny, tiny))
    assert found.alike


def test_the_same_data_gives_the_same_figures():
    dataset = prepare(Made(SORTED), "x", valid_size=None, test_size=None)
    assert splits_alike(dataset) == splits_alike(dataset)
