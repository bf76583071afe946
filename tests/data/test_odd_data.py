"""Odd data: groups that do not fit, labels of no class."""

import numpy as np
import pytest

from data.errors import DataError
from data.files import open_path
from data.prepare import prepare
from data.source import RawDataset, RawSplit, Source
from data.splitting import whole_groups


class Planted(Source):
    def __init__(self, train, test=None):
        self.raw = RawDataset(train, test)

    def load(self):
        return self.raw


def reviews(size, prefix, **replaced):
    texts = [replaced.get(f"row_{row}", f"{prefix} {row}") for row in range(size)]
    return RawSplit(tuple(texts), np.repeat([0, 1], size // 2))


def test_a_group_too_large_for_a_class_is_taken_where_it_comes_nearest():
    held = whole_groups(np.tile([0, 1], 20), [str(row // 10) for row in range(40)], 9)
    assert len(held) == 10


def test_leaks_are_found_in_validation_too():
    row = prepare(Planted(reviews(100, "r"), reviews(10, "t")), "x", valid_size=20, test_size=None).valid.rows[0]
    test = reviews(10, "t", row_7=f"r  {row}")
    dataset = prepare(Planted(reviews(100, "r"), test), "x", valid_size=20, test_size=None)
    assert row in dataset.valid.rows
    assert dataset.leaked_test_rows.tolist() == [7]


def test_texts_with_two_labels_are_counted_apart():
    train = reviews(100, "r", row_99="r 0", row_5="r 4")
    facts = prepare(Planted(train, reviews(10, "t")), "x", valid_size=20, test_size=None).provenance
    assert facts["texts with two labels dropped from training"] == 2
    assert facts["duplicates dropped from training"] == 1


def test_a_label_of_no_class():
    with pytest.raises(DataError, match=r"label 2 \(choices: 0 to 1\)"):
        prepare(Planted(RawSplit(("a", "b", "c"), np.array([0, 1, 2]))), "x", valid_size=1, test_size=1)


def test_booleans_written_out_are_labels(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"text,label\na,True\nb,False\n")
    assert open_path(tmp_path / "a.csv").load().train.labels.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"text,label\na\0,1\nb,0\n", r"holds a NUL character \(line 2\)"),
        (b"text,label,movie,movie\na,1,m,m\nb,0,m,m\n", "2 columns 'movie'; rename one"),
    ],
)
def test_bad_files(tmp_path, content, message):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(DataError, match=message):
        open_path(tmp_path / "a.csv").load()
