"""How tables of the user's own are understood: columns, labels, splits."""

import pandas as pd
import pytest

from data.errors import DataError
from data.files import open_path
from data.label_map import parse_label_map
from data.prepare import prepare
from data.reading import Reading, parse_splits

STARS = pd.DataFrame(
    {
        "id": range(60),
        "body": [f"review number {i}" for i in range(60)],
        "stars": [1 + i % 5 for i in range(60)],
        "product": [f"p{i // 6}" for i in range(60)],
    }
)


@pytest.fixture
def stars(tmp_path):
    STARS.to_csv(tmp_path / "reviews.csv", index=False)
    return tmp_path / "reviews.csv"


def test_usual_names_are_recognised_and_noted(stars):
    raw = open_path(stars).load()
    assert raw.train.texts == tuple(STARS["body"])
    assert raw.class_names == ("1", "2", "3", "4", "5")
    assert (raw.provenance["text column"], raw.provenance["label column"]) == ("body", "stars")
    assert raw.reading == "text body, label stars"


def test_other_names_are_named(stars):
    raw = open_path(stars, Reading(text_column="body", label_column="product")).load()
    assert raw.class_names == tuple(f"p{i}" for i in range(10))


def test_a_label_map_joins_classes_and_drops_and_counts_the_other_rows(stars):
    raw = open_path(stars, Reading(label_map=parse_label_map("4,5=pos;1,2,9=neg"))).load()
    assert raw.class_names == ("pos", "neg")
    assert len(raw.train.texts) == 48
    assert raw.train.labels[:4].tolist() == [1, 1, 0, 0]
    assert raw.train.rows[:4].tolist() == [0, 1, 3, 4]
    assert raw.provenance["rows dropped whose label is not in the map"] == "12 of 60: 3 (12 rows)"
    assert raw.provenance["labels of the map that no row has"] == "9"
    assert raw.reading == "text body, label stars, map 4,5=pos;1,2,9=neg"


def test_the_dataset_s_name_says_how_it_was_read_and_rows_keep_their_numbers(stars):
    source = open_path(stars, Reading(group_column="product", label_map=parse_label_map("1=a;2=b;5=c")))
    dataset = prepare(source, "reviews.csv", valid_size=None, test_size=None)
    assert dataset.name == "reviews.csv (text body, label stars, groups product, map 1=a;2=b;5=c)"
    products = [{STARS["product"][row] for row in s.rows} for s in (dataset.train, dataset.valid, dataset.test)]
    assert not products[0] & products[1]
    assert not products[0] & products[2]
    assert not products[1] & products[2]
    assert all(text == STARS["body"][row] for text, row in zip(dataset.test.texts, dataset.test.rows, strict=True))
    assert "whole groups (values of column product)" in dataset.provenance["test rows"]


def test_words_are_classes(tmp_path):
    STARS.assign(stars=["sad", "glad", "mad"] * 20).to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    raw = open_path(tmp_path / "a.jsonl").load()
    assert raw.class_names == ("glad", "mad", "sad")
    assert raw.train.labels[:3].tolist() == [2, 0, 1]


@pytest.mark.parametrize(
    ("columns", "reading", "finding"),
    [
        (
            {"body": "a", "stars": "b"},
            Reading(),
            r"several columns could be the label: b, product; name it with `label_column` \(choices: id, a, b",
        ),
        (
            {"id": "x", "body": "y", "stars": "z", "product": "w"},
            Reading(label_column="id"),
            "`label_column` 'id': no such column",
        ),
        ({"product": "category"}, Reading(), "several columns could be the label: stars, category"),
        (
            {},
            Reading(text_column="txt"),
            r"`text_column` 'txt': no such column \(choices: id, body, stars, product\)",
        ),
        (
            {},
            Reading(label_column="x"),
            r"`label_column` 'x': no such column \(choices: id, body, stars, product\)",
        ),
        (
            {},
            Reading(group_column="x"),
            r"`group_column` 'x': no such column \(choices: id, body, stars, product\)",
        ),
        ({}, Reading(label_column="id"), "60 different labels in 60 rows, too many to be classes"),
        (
            {},
            Reading(label_map=parse_label_map("1=a;7=b")),
            r"no row is of class 'b' \(column 'stars' has: 1 \(12 rows\)",
        ),
    ],
)
def test_what_is_not_understood_is_one_line_with_the_choices(tmp_path, columns, reading, finding):
    STARS.rename(columns=columns).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataError, match=finding) as caught:
        open_path(tmp_path / "a.csv", reading).load()
    assert "\n" not in str(caught.value)


def test_a_column_named_text_is_the_text_whatever_else_there_is(tmp_path):
    STARS.rename(columns={"product": "text"}).to_csv(tmp_path / "a.csv", index=False)
    assert open_path(tmp_path / "a.csv").load().train.texts[0] == "p0"


@pytest.fixture
def folder(tmp_path):
    for name in ("train", "dev", "other"):
        STARS.to_csv(tmp_path / f"{name}.csv", index=False)
    return tmp_path


def test_splits_are_recognised_by_name(folder):
    raw = open_path(folder).load()
    assert raw.valid is not None
    assert raw.test is None


def test_rows_without_a_group_share_none_with_another_split(tmp_path):
    for name in ("train", "test"):
        frame = STARS.assign(product=[None] * 30 + [f"{name} {i // 6}" for i in range(30)])
        frame.assign(body=[f"{name} {text}" for text in STARS["body"]]).to_csv(tmp_path / f"{name}.csv", index=False)
    source = open_path(tmp_path, Reading(group_column="product"))
    facts = prepare(source, "stars", valid_size=None, test_size=None).provenance
    assert facts["test rows whose group (values of column product) occurs in training"] == 0


def test_splits_are_named(folder):
    raw = open_path(folder, Reading(splits=parse_splits("train=other, test=dev"))).load()
    assert raw.valid is None
    assert len(raw.test.texts) == 60
    assert "splits train=other,test=dev" in raw.reading


def test_a_split_that_is_not_there_is_named_with_those_that_are(folder):
    with pytest.raises(DataError, match=r"`splits` test=nil: there is no such split \(choices: dev, other, train\)"):
        open_path(folder, Reading(splits=parse_splits("train=train,test=nil"))).load()


@pytest.mark.parametrize("text", ["train", "test=a", "train=a,train=b", "learn=a", "train="])
def test_splits_of_another_form(text):
    with pytest.raises(DataError, match="the form"):
        parse_splits(text)
