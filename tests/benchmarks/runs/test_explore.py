"""Looking at data: each figure against one that is plain to see."""

import dataclasses

import numpy as np
import pytest

from benchmarks.registry.entries import model_class
from benchmarks.runs.explore import explore, histogram, oddities, telling_terms, truncation
from data.dataset import Dataset, Split

CLASSES = ("dull", "fine", "mad")


def split(texts, labels, first_row=0):
    lengths = np.array([len(text.split()) for text in texts])
    return Split(tuple(texts), np.array(labels), lengths, first_row + np.arange(len(texts)), CLASSES)


def made(size, first_row):
    words = ("boring grey", "lovely sunny", "wild crazy")
    texts = [f"the film {first_row + i} was {words[i % 3]}" + " and on" * (i % 5) for i in range(size)]
    return split(texts, [i % 3 for i in range(size)], first_row)


@pytest.fixture(scope="module")
def dataset():
    test = made(12, 200)
    test = dataclasses.replace(test, texts=(made(60, 0).texts[3], *test.texts[1:]))
    return Dataset("toy", made(60, 0), made(12, 100), test, {"origin": "made up"}, np.array([200]))


@pytest.fixture(scope="module")
def found(dataset):
    return explore(dataset)


def test_counts_by_split_and_class(found):
    assert [(s.name, s.texts, s.by_class) for s in found.splits] == [
        ("training", 60, [20, 20, 20]),
        ("validation", 12, [4, 4, 4]),
        ("test", 12, [4, 4, 4]),
    ]
    assert [one.of for one in found.lengths[3:]] == ["training, dull", "training, fine", "training, mad"]
    assert (found.lengths[0].quantiles[0], found.lengths[0].quantiles[-1]) == (6, 14)
    assert found.lengths[0].mean == 10


def test_leaks_and_near_duplicates_are_counted(found):
    assert found.leaked == 1
    assert found.near_duplicates == 1


def test_notes_of_the_data_and_the_likeness_of_its_splits_are_told(dataset):
    notes = explore(dataclasses.replace(dataset, notes=("a row was dropped",)), nearly=False).notes
    assert notes[0] == "a row was dropped"
    assert notes[1].startswith("test against training rows: a linear model tells test from training texts with AUC")


def test_typical_words_keep_their_marks():
    """Two Hindi words that differ by a vowel sign, and an emoji."""
    texts = [f"यह फिल्म {('कमल', 'कमाल')[row % 2]} {('😀', '😡')[row % 2]} {row}" for row in range(40)]
    train = split(texts, [row % 2 for row in range(40)])
    found = {one.of: [term.term for term in one.terms] for one in telling_terms(train)}
    assert {"कमल", "😀"} <= set(found["dull"])
    assert {"कमाल", "😡"} <= set(found["fine"])


def test_every_model_s_tokens_are_counted_or_said_not_to_matter(found):
    tokens = {one.model: one for one in found.tokens}
    assert "whole" in tokens["tfidf_logreg"].note
    assert tokens["lstm"].quantiles[-1] == 14
    assert {t.limit for t in tokens["lstm"].truncation} == {128, 256, 512, tokens["lstm"].reads}


def test_an_encoder_s_tokens_are_those_it_encodes():
    model = model_class("distilbert")()
    try:
        model.check_ready()
    except ValueError as error:
        pytest.skip(str(error))
    counts = model.count_tokens(["a good film", "unbelievable!"])
    assert counts[0] == 5
    assert counts[1] > 3


def test_a_missing_encoder_is_noted(dataset, monkeypatch):
    def missing(self):
        raise ValueError("no such encoder")

    monkeypatch.setattr(model_class("distilbert"), "check_ready", missing)
    notes = {one.model: one.note for one in explore(dataset, nearly=False).tokens}
    assert notes["distilbert"] == "no such encoder"


def test_truncation_counts_texts_and_tokens():
    cut = truncation(np.array([100, 200, 300]), 150)
    assert cut.texts_cut == pytest.approx(2 / 3)
    assert cut.tokens_cut == pytest.approx(200 / 600)


def test_every_text_is_in_the_histogram(dataset):
    counted = histogram(dataset.train)
    assert [sum(counts) for counts in counted.by_class] == [20, 20, 20]


def test_the_words_of_a_class_tell_it():
    terms = {one.of: one.terms for one in telling_terms(made(60, 0))}
    assert {term.term for term in terms["fine"][:3]} >= {"lovely", "sunny"}
    assert (terms["fine"][0].inside, terms["fine"][0].outside) == (20, 0)
    assert "film" not in {term.term for one in terms.values() for term in one}


def test_odd_texts_are_found_with_their_rows():
    ordinary = made(30, 0)
    texts = [
        "short",
        "a b " * 60,
        "HE SAID ALL OF IT IN CAPITALS",
        "a <i>good</i> film, see www.example.org for more",
        "1234567 89 10 11",
        "the caf\ufffd was fine by me",
    ]
    odd = split(texts, [0] * len(texts), 500)
    kinds = {one.what: one for one in oddities({"training": ordinary, "test": odd})}
    rows = {what.split()[0]: [row.row for row in one.rows] for what, one in kinds.items()}
    assert rows["one"] == [500]
    assert rows["longest"] == [501]
    assert rows["the"] == [501]
    assert rows["mostly"] == [502]
    assert rows["markup"] == [503]
    assert rows["web"] == [503]
    assert rows["fewer"] == [504]
    assert rows["characters"] == [505]


def test_ordinary_texts_are_not_odd():
    assert oddities({"training": made(30, 0)}) == []
