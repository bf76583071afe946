import numpy as np
import pytest

from data.dataset import DataError
from data.labels import counted, found, label_text, mapped


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"), (np.int8(1), "1"), (1.0, "1"), ("1.0", "1"), (" pos ", "pos"), (True, "True"), (3.5, "3.5"),
        (-1, "-1"),
        ("", None), (None, None), (float("nan"), None),
    ],
)  # fmt: skip
def test_a_label_reads_the_same_from_every_kind_of_file(value, text):
    assert label_text(value) == text


def test_a_list_is_no_label():
    with pytest.raises(DataError, match="one value, not list"):
        label_text([1])


def test_numbers_are_ordered_as_numbers_and_words_as_words():
    assert found(["10", "9", "-1"]).names == ("-1", "9", "10")
    assert found(["b", "10", "9"]).names == ("10", "9", "b")
    assert found(["b", "a"], named=("b", "c", "a")).names == ("b", "a")


def test_rows_of_no_class_are_marked():
    classes = mapped({"1": "neg", "2": "neg", "5": "pos"})
    assert classes.names == ("neg", "pos")
    assert classes.number(["5", "3", None, "2"]).tolist() == [1, -1, -1, 0]


def test_labels_are_counted_most_frequent_first():
    assert counted(["3", "3", None]) == "3 (2 rows), none (1 row)"
    assert counted(map(str, range(10))).endswith("and 2 more")
