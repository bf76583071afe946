import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from data.errors import DataError
from data.labels import counted, found, label_text, label_texts, mapped


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"), (np.int8(1), "1"), (1.0, "1"), ("1.0", "1"), (" pos ", "pos"), (True, "True"), (3.5, "3.5"),
        (-1, "-1"), (-0.0, "0"), ("01", "01"), ("+1", "+1"), (Decimal("1.0"), "1"), (Decimal("2.50"), "2.50"),
        (datetime.date(2024, 3, 1), "2024-03-01"), ("cafe\u0301", "caf\u00e9"), ("NA", "NA"), ("null", "null"),
        ("", None), ("  ", None), (None, None), (float("nan"), None), (pd.NA, None), (pd.NaT, None),
    ],
)  # fmt: skip
def test_a_label_reads_the_same_from_every_kind_of_file(value, text):
    assert label_text(value) == text
    assert label_texts([value, value]) == [text, text]


def test_a_list_is_no_label():
    with pytest.raises(DataError, match="one value, not list"):
        label_text([1])


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["10", "9", "-1"], ("-1", "9", "10")),
        (["10", "2", "9.5", "0.5"], ("0.5", "2", "9.5", "10")),
        (["02", "1", "2", "01"], ("01", "1", "02", "2")),
        (["+1", "1", "-1", "1e1", "1" + "0" * 60], ("-1", "+1", "1", "1e1", "1" + "0" * 60)),
        (["b", "10", "9"], ("10", "9", "b")),
        (["1e99999999999", "1"], ("1", "1e99999999999")),
        (["á", "b", "B", "a"], ("B", "a", "b", "á")),
    ],
)
def test_numbers_are_ordered_as_numbers_and_words_as_words(labels, names):
    assert found(labels).names == names
    assert found(labels[::-1]).names == names


def test_the_source_s_own_order_of_classes_is_kept():
    assert found(["b", "a"], named=("b", "c", "a")).names == ("b", "a")


def test_rows_of_no_class_are_marked():
    classes = mapped({"1": "neg", "2": "neg", "5": "pos"})
    assert classes.names == ("neg", "pos")
    assert classes.number(["5", "3", None, "2"]).tolist() == [1, -1, -1, 0]


def test_labels_are_counted_most_frequent_first():
    assert counted(["3", "3", None]) == "3 (2 rows), none (1 row)"
    assert counted(map(str, range(10))).endswith("and 2 more")
