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
    assert (len(dataset.train), len(dataset.valid), len(dataset.test)) == (26, 6, 8)
    assert not texts(dataset.test) & (texts(dataset.train) | texts(dataset.valid))
    assert "cut from training" in dataset.provenance["test rows"]


def test_groups_are_in_one_split_only():
    groups = tuple(f"film {i // 4}" for i in range(40))
    dataset = prepare(Made(ROWS, groups=groups), "made", valid_size=8, test_size=8)
    films = [{groups[row] for row in split.rows} for split in (dataset.train, dataset.valid, dataset.test)]
    assert not films[0] & films[1]
    assert not films[0] & films[2]
    assert not films[1] & films[2]


def test_blocks_of_neighbours_are_held_out_where_the_source_s_order_carries_clusters():
    rows = [(f"review {i}", i % 2) for i in range(1000)]
    dataset = prepare(Made(rows, order="blocks"), "made", valid_size=100, test_size=200)
    blocks = [{row // 10 for row in split.rows.tolist()} for split in (dataset.train, dataset.valid, dataset.test)]
    assert not blocks[0] & blocks[1]
    assert not blocks[0] & blocks[2]
    assert not blocks[1] & blocks[2]
    assert dataset.test.groups[0] == f"block {dataset.test.rows[0] // 10}"
    assert max(dataset.test.rows) - min(dataset.test.rows) > 500
    assert dataset.provenance["groups"] == "100 blocks of neighbouring rows"


def test_a_file_sorted_by_length_is_split_alike():
    rows = [("word " * (i + 1) + str(i), i % 2) for i in range(400)]
    dataset = prepare(Made(rows), "made", valid_size=None, test_size=None)
    assert dataset.test.lengths.mean() / dataset.train.lengths.mean() == pytest.approx(1, abs=0.15)


def test_the_split_does_not_depend_on_the_order_of_the_file():
    one, other = (prepare(Made(rows), "made", valid_size=6, test_size=None) for rows in (ROWS, ROWS[::-1]))
    for which in ("train", "valid", "test"):
        assert texts(getattr(one, which)) == texts(getattr(other, which))


def test_the_latest_rows_are_test_rows_and_the_latest_before_them_validate():
    source = Made(ROWS)
    times = np.random.default_rng(0).permutation(40).astype(float)
    source.raw = dataclasses.replace(source.raw, train=dataclasses.replace(source.raw.train, times=times))
    dataset = prepare(source, "made", valid_size=8, test_size=10)
    assert set(times[dataset.test.rows]) == set(range(30, 40))
    assert set(times[dataset.valid.rows]) == set(range(22, 30))
    assert "the latest rows" in dataset.provenance["test rows"]


def test_time_wants_times():
    with pytest.raises(DataError, match="`split_order` time needs to know when each text was written"):
        prepare(Made(ROWS), "made", valid_size=8, test_size=None, split_order="time")


def test_the_user_s_order_goes_before_the_source_s():
    rows = [(f"review {i}", i % 2) for i in range(1000)]
    dataset = prepare(Made(rows, order="blocks"), "made", valid_size=100, test_size=200, split_order="random")
    assert dataset.test.groups is None


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
        (Made([("same", 0), ("same", 1)]), (8, None), "0 training texts are left without duplicates"),
        (Made([(t, 0) for t, _ in ROWS], TEST), (8, None), "no training row is of class 'yes'"),
        (Made(ROWS), (8, 21), r"`test_size` 21: 40 rows .* \(choices: 1 to 20, or a share of them up to 0.5\)"),
        (Made(ROWS), (0.7, None), "`valid_size` 0.7: 32 rows"),
        (Made(ROWS, groups=("one",) * 40), (8, None), "no test rows can be cut from 40 training rows in 1 groups"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(source, sizes, finding):
    with pytest.raises(DataError, match=finding):
        prepare(source, "made", valid_size=sizes[0], test_size=sizes[1])


def test_shares_are_held_out_where_no_size_is_asked_for():
    dataset = prepare(Made([(f"review {i}", i % 2) for i in range(1000)]), "made", valid_size=None, test_size=None)
    assert (len(dataset.train), len(dataset.valid), len(dataset.test)) == (700, 100, 200)


def test_a_share_is_of_the_rows_there_are_to_cut_from():
    dataset = prepare(Made(ROWS), "made", valid_size=0.25, test_size=0.5)
    assert (len(dataset.train), len(dataset.valid), len(dataset.test)) == (15, 5, 20)
    assert len(prepare(Made(ROWS, TEST), "made", valid_size=8, test_size=0.4).test) == 4


def test_empty_texts_are_dropped_and_counted_or_refused():
    rows, own = [*ROWS, (" <br /> ", 0), ("", 1)], [*TEST, ("&nbsp;", 0)]
    dataset = prepare(Made(rows, own), "made", valid_size=8, test_size=None)
    assert (len(dataset.train) + len(dataset.valid), len(dataset.test)) == (40, 10)
    assert dataset.notes == (
        "training rows dropped, their text empty: 2 of 42",
        "test rows dropped, their text empty: 1 of 11",
    )
    source = Made(rows, own)
    source.raw = dataclasses.replace(source.raw, missing="error")
    with pytest.raises(DataError, match="2 of 42 training texts are empty, the first in row 40; with `missing` drop"):
        prepare(source, "made", valid_size=8, test_size=None)


def test_a_class_that_a_held_out_split_lacks_is_said():
    dataset = prepare(Made(ROWS, [("x", 0), ("y", 0)]), "made", valid_size=8, test_size=None)
    assert dataset.notes == ("1 of 2 classes have no test row: 'yes'",)
    assert dataset.provenance["classes without a test row"] == "1 of 2: 'yes'"


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


def test_validation_rows_that_all_occur_in_training_are_refused():
    source = Made(ROWS, TEST)
    source.raw = dataclasses.replace(source.raw, valid=RawSplit(("review 3", "review 4"), np.array([1, 0])))
    with pytest.raises(DataError, match=r"no validation text is left: all 2 occur in training .*leave the validation"):
        prepare(source, "made", valid_size=None, test_size=None)


def test_test_rows_of_a_group_that_is_in_training_are_counted():
    source = Made(ROWS, TEST, groups=tuple(f"film {i // 4}" for i in range(40)))
    test = dataclasses.replace(source.raw.test, groups=("film 0", *(f"other {i}" for i in range(9))))
    source.raw = dataclasses.replace(source.raw, test=test)
    facts = prepare(source, "made", valid_size=8, test_size=None).provenance
    assert facts["test rows whose group (films) occurs in training"] == 1
    assert facts["groups"] == "10 films"


def test_a_rare_class_is_in_every_split():
    rows = [(f"review {i}", 1 if i in (7, 19, 33) else 0) for i in range(400)]
    dataset = prepare(Made(rows), "made", valid_size=20, test_size=20)
    assert [int(split.labels.sum()) for split in (dataset.train, dataset.valid, dataset.test)] == [1, 1, 1]


@pytest.fixture(scope="module")
def packaged() -> Dataset:
    try:
        return prepare(ImdbPackaged(), "imdb-packaged", valid_size=1000, test_size=2500)
    except DataError as error:
        pytest.skip(str(error))


def test_the_packaged_reviews_are_those_of_imdb_s_training_half(packaged):
    assert len(packaged.train) + len(packaged.valid) + len(packaged.test) == 24_902
    assert packaged.provenance["duplicates dropped from training"] == 98
    assert len(packaged.leaked_test_rows) == 0
    assert "<br" not in " ".join(packaged.train.texts)


def test_the_packaged_splits_are_balanced_blocks_of_films(packaged):
    splits = (packaged.train, packaged.valid, packaged.test)
    for split in splits:
        assert abs(split.labels.mean() - 0.5) < 0.01
    blocks = [set(split.groups) for split in splits]
    assert not blocks[0] & blocks[1]
    assert not blocks[2] & (blocks[0] | blocks[1])
    assert [len(packaged.valid), len(packaged.test)] == [pytest.approx(1_000, abs=15), pytest.approx(2_500, abs=15)]


def test_samples_of_growing_size_are_nested_and_balanced(packaged):
    small, large = (packaged.train.sample(size, seed=0) for size in (200, 2000))
    assert small.rows.tolist() == large.rows[:200].tolist()
    assert abs(small.labels.mean() - 0.5) < 0.02
