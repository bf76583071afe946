import dataclasses

import numpy as np
import pytest

from data.dataset import DataError, Dataset
from data.imdb_packaged import ImdbPackaged
from data.prepare import prepare
from data.source import RawDataset, RawSplit, Source


class Made(Source):
    def __init__(self, train, test=None, groups=None, order="random", class_names=("no", "yes")):
        self.raw = RawDataset(
            RawSplit(tuple(t for t, _ in train), np.array([label for _, label in train]), groups),
            None if test is None else RawSplit(tuple(t for t, _ in test), np.array([label for _, label in test])),
            class_names,
            order,
            {"origin": "made"},
        )

    def load(self):
        return self.raw


ROWS = [(f"review {i}", i % 2) for i in range(40)]
TEST = [(f"other {i}", i % 2) for i in range(10)]


def texts(split):
    return set(split.texts)


def test_validation_comes_from_training_and_never_from_test():
    dataset = prepare(Made(ROWS, TEST), "made", valid_size=8, test_size=None)
    assert texts(dataset.valid) < {text for text, _ in ROWS}
    assert not texts(dataset.valid) & texts(dataset.train)
    assert texts(dataset.test) == {text for text, _ in TEST}
    assert (len(dataset.train), len(dataset.valid), len(dataset.test)) == (32, 8, 10)


def test_without_test_rows_they_are_cut_from_training():
    dataset = prepare(Made(ROWS), "made", valid_size=6, test_size=None)
    assert (len(dataset.train), len(dataset.valid), len(dataset.test)) == (24, 6, 10)
    assert not texts(dataset.test) & (texts(dataset.train) | texts(dataset.valid))
    assert "cut from training" in dataset.provenance["test rows"]


def test_groups_are_in_one_split_only():
    groups = tuple(f"film {i // 4}" for i in range(40))
    dataset = prepare(Made(ROWS, groups=groups), "made", valid_size=8, test_size=8)
    films = [{groups[row] for row in split.rows} for split in (dataset.train, dataset.valid, dataset.test)]
    assert not films[0] & films[1]
    assert not films[0] & films[2]
    assert not films[1] & films[2]


def test_blocks_are_cut_where_the_order_carries_meaning():
    dataset = prepare(Made(ROWS, TEST, order="blocks"), "made", valid_size=4, test_size=None)
    assert dataset.valid.rows.tolist() == [36, 37, 38, 39]


def test_duplicates_are_dropped_from_training_after_cleaning():
    dataset = prepare(Made([*ROWS, ("review<br />7 ", 1)], TEST), "made", valid_size=8, test_size=None)
    assert len(dataset.train) == 32
    assert dataset.provenance["duplicates dropped from training"] == 1


def test_test_rows_that_occur_in_training_are_counted_and_kept():
    leaky = [*TEST, ("review 3", 1), ("review  5", 1)]
    dataset = prepare(Made(ROWS, leaky), "made", valid_size=8, test_size=None)
    assert len(dataset.test) == 12
    assert dataset.leaked_test_rows.tolist() == [10, 11]
    assert dataset.provenance["test texts that also occur in training"] == 2


def test_a_test_size_draws_from_the_source_s_test_rows():
    dataset = prepare(Made(ROWS, TEST), "made", valid_size=8, test_size=4)
    assert texts(dataset.test) < {text for text, _ in TEST}
    assert dataset.test.labels.sum() == 2


def test_lengths_are_words_of_the_cleaned_text():
    dataset = prepare(Made([("one<br />two", 0), *ROWS], TEST), "made", valid_size=2, test_size=None)
    lengths = dict(zip(dataset.train.texts, dataset.train.lengths, strict=True))
    assert lengths.get("one two", 2) == 2
    assert all(len(text.split()) == length for text, length in lengths.items())


@pytest.mark.parametrize(
    ("source", "sizes", "finding"),
    [
        (Made([*ROWS, (" <br /> ", 0)], TEST), (8, None), "1 of 41 training texts are empty, the first in row 40"),
        (Made([("same", 0), ("same", 1)]), (8, None), "0 training texts are left without duplicates"),
        (Made([(t, 0) for t, _ in ROWS], TEST), (8, None), "no training row is of class 'yes'"),
        (Made(ROWS, [("x", 0), ("y", 0)]), (8, None), "no test row is of class 'yes'"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(source, sizes, finding):
    with pytest.raises(DataError, match=finding):
        prepare(source, "made", valid_size=sizes[0], test_size=sizes[1])


def test_a_size_that_would_take_more_than_half_becomes_a_quarter_and_is_said():
    dataset = prepare(Made(ROWS), "made", valid_size=1000, test_size=21)
    assert (len(dataset.train), len(dataset.valid), len(dataset.test)) == (23, 7, 10)
    assert "a quarter of 40 rows, of which 21 would be more than half" in dataset.provenance["test rows"]
    assert "a quarter of 30 rows, of which 1,000" in dataset.provenance["validation rows"]


def test_a_test_size_beyond_the_source_s_own_takes_all_of_it():
    assert len(prepare(Made(ROWS, TEST), "made", valid_size=8, test_size=11).test) == 10


def test_the_source_s_own_validation_rows_are_used_without_those_of_training():
    source = Made(ROWS, TEST)
    own = RawSplit(("new 0", "new 1", "review 3"), np.array([0, 1, 1]), rows=np.array([5, 6, 7]))
    source.raw = dataclasses.replace(source.raw, valid=own)
    dataset = prepare(source, "made", valid_size=None, test_size=None)
    assert len(dataset.train) == 40
    assert dataset.valid.rows.tolist() == [5, 6]
    assert dataset.provenance["validation rows"] == "the source's own"
    assert dataset.provenance["validation texts dropped, since they occur in training"] == 1


def test_test_rows_of_a_group_that_is_in_training_are_counted():
    source = Made(ROWS, TEST, groups=tuple(f"film {i // 4}" for i in range(40)))
    test = dataclasses.replace(source.raw.test, groups=("film 0", *(f"other {i}" for i in range(9))))
    source.raw = dataclasses.replace(source.raw, test=test)
    facts = prepare(source, "made", valid_size=8, test_size=None).provenance
    assert facts["test rows whose group (films) occurs in training"] == 1


def test_a_rare_class_is_in_every_split():
    rows = [(f"review {i}", 1 if i in (7, 19, 33) else 0) for i in range(400)]
    dataset = prepare(Made(rows), "made", valid_size=20, test_size=20)
    assert [int(split.labels.sum()) for split in (dataset.train, dataset.valid, dataset.test)] == [1, 1, 1]


def test_the_fingerprint_changes_with_any_text_or_label():
    def fingerprint(rows):
        return prepare(Made(rows, TEST), "made", valid_size=8, test_size=None).fingerprint

    assert fingerprint(ROWS) == fingerprint(ROWS)
    assert fingerprint(ROWS) != fingerprint([("review 0!", 0), *ROWS[1:]])


@pytest.fixture(scope="module")
def packaged() -> Dataset:
    try:
        return prepare(ImdbPackaged(), "imdb-packaged", valid_size=1000, test_size=2500)
    except DataError as error:
        pytest.skip(str(error))


def test_the_packaged_reviews_are_those_of_imdb_s_training_half(packaged):
    assert (len(packaged.train), len(packaged.valid), len(packaged.test)) == (21_402, 1_000, 2_500)
    assert packaged.provenance["duplicates dropped from training"] == 98
    assert len(packaged.leaked_test_rows) == 0
    assert "<br" not in " ".join(packaged.train.texts)


def test_the_packaged_splits_are_balanced_blocks(packaged):
    for split in (packaged.valid, packaged.test):
        assert abs(split.labels.mean() - 0.5) < 0.01
        for label in (0, 1):
            rows = split.rows[split.labels == label]
            assert rows.max() - rows.min() < 1.1 * len(rows)  # gaps are dropped duplicates only


def test_samples_of_growing_size_are_nested_and_balanced(packaged):
    small, large = (packaged.train.sample(size, seed=0) for size in (200, 2000))
    assert small.rows.tolist() == large.rows[:200].tolist()
    assert abs(small.labels.mean() - 0.5) < 0.02
