"""What a cell keeps of the words behind its mistakes: the right ones, in bounded time, and never a text."""

import dataclasses
import itertools
import sys

import numpy as np
import pytest

from benchmarks.cells.run_cell import run_cell
from benchmarks.inference import explain as module
from benchmarks.inference.explain import CELL_BUDGET, LONGEST_STORED_WORD, STORED_WORDS, explain, explain_mistakes
from benchmarks.inference.saved import Classifier, load_model
from benchmarks.measurement.clock import Clock
from benchmarks.registry.entries import loss_class, model_class
from benchmarks.schema.explanations import MISTAKES, ExplainedMistake, Explanations, most_confident_mistakes
from benchmarks.store.packing import pack_cell, unpack
from benchmarks.store.results import DamagedError
from data.dataset import Split

SMALL = {
    "tfidf_logreg": {"C": 10.0, "min_df": 1},
    "lstm": {"epochs": 8, "learning_rate": 0.01, "min_steps": 0, "batch_size": 8, "embedding_width": 16},
}
FREE = Clock(lambda: None, lambda: 0.0)


def test_the_surest_mistakes_come_first_and_of_equals_the_lower_row():
    sure = np.array([0.9, 0.6, 0.9, 0.7, 0.8])
    probabilities = np.stack([1 - sure, sure], axis=1)
    labels = np.array([0, 0, 0, 1, 0])  # the fourth is right
    assert most_confident_mistakes(np.array([9, 8, 7, 6, 5]), labels, probabilities) == [2, 0, 4, 1]
    many = np.zeros(20, dtype=np.int64)
    assert len(most_confident_mistakes(np.arange(20), many, np.tile([0.1, 0.9], (20, 1)))) == MISTAKES
    assert most_confident_mistakes(np.arange(20), many, np.tile([0.9, 0.1], (20, 1))) == []


@pytest.fixture(scope="module")
def fitted(dataset):
    """Trained on what is easy, by name."""
    models = {}
    for name, settings in SMALL.items():
        models[name] = model_class(name)(**settings)
        models[name].fit(dataset.train, dataset.valid, loss_class("ce")(dataset.train.lengths, dataset.train.labels))
    return models


@pytest.fixture
def wrong(dataset):
    """A test set in which every label is the other one."""
    return dataclasses.replace(dataset.test, labels=1 - dataset.test.labels)


def found_in(model, test, make_spec, *, scoring=0.001, clock=FREE, classes=("negative", "positive")):
    classifier = Classifier(model, classes, make_spec())
    return explain_mistakes(classifier, test, model.score(model.encode(test.texts)), scoring, clock)


@pytest.mark.parametrize("name", SMALL)
def test_the_words_are_those_of_explain(fitted, wrong, make_spec, name):
    model = fitted[name]
    if name == "lstm":
        pytest.importorskip("captum")
    found = found_in(model, wrong, make_spec)
    assert len(found.mistakes) == MISTAKES
    for one in found.mistakes:
        (place,) = np.flatnonzero(wrong.rows == one.row)
        text = wrong.texts[place]
        assert one.predicted == model.score(model.encode([text])).argmax() != wrong.labels[place]
        assert one.method == {"tfidf_logreg": "weights", "lstm": "gradients"}[name]
        assert one.words[0][0] in {"dull", "poor", "awful", "great", "superb", "moving"}
        assert one.words[0][1] > 0
        said = explain(Classifier(model, wrong.class_names, make_spec()), text, steps=module.STEPS_IN_CELL)
        totals = {word: sum(added for other, added in said.words if other == word) for word, _ in said.words}
        assert all(added == pytest.approx(totals[word], abs=1e-4) for word, added in one.words)
        assert len(one.words) == len(dict(one.words)) <= STORED_WORDS
        sizes = [abs(added) for _, added in one.words]
        assert sizes == sorted(sizes, reverse=True)


def test_few_steps_are_close_to_many(fitted, wrong, make_spec):
    pytest.importorskip("captum")
    classifier = Classifier(fitted["lstm"], wrong.class_names, make_spec())
    few, many = (explain(classifier, wrong.texts[0], steps=steps) for steps in (module.STEPS_IN_CELL, 200))
    np.testing.assert_allclose([v for _, v in few.words], [v for _, v in many.words], atol=0.05)


def test_without_captum_words_are_left_out_one_by_one_where_that_is_cheap(fitted, wrong, make_spec, monkeypatch):
    monkeypatch.setitem(sys.modules, "captum", None)
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert {one.method for one in found_in(fitted["lstm"], wrong, make_spec).mistakes} == {"erasure"}
    for one in found_in(fitted["lstm"], wrong, make_spec, scoring=10.0).mistakes:
        assert (one.method, one.words) == (None, ())
        assert one.not_computed.startswith("captum is not installed")


def test_no_explanation_is_begun_that_would_not_fit_into_the_budget(fitted, wrong, make_spec):
    ticks = itertools.count(step=CELL_BUDGET * 0.4)  # each explanation takes as long: two fit
    found = found_in(fitted["tfidf_logreg"], wrong, make_spec, clock=Clock(lambda: None, lambda: next(ticks)))
    assert [one.method for one in found.mistakes] == ["weights", "weights", None, None, None]
    assert found.mistakes[2].not_computed == "it would have taken the cell more than 5 s"
    found = found_in(fitted["tfidf_logreg"], wrong, make_spec, scoring=CELL_BUDGET * 1.1)
    assert {one.method for one in found.mistakes} == {None}


def test_a_plug_in_that_cannot_be_explained_says_why(fitted, wrong, make_spec):
    class Faulty:
        encode, score = fitted["tfidf_logreg"].encode, fitted["tfidf_logreg"].score

        def word_weights(self, text):
            raise KeyError("/home/alice/secret/words.bin")

    for one in found_in(Faulty(), wrong, make_spec).mistakes:
        assert one.not_computed == "KeyError"  # a plug-in's message may quote anything


def test_long_words_are_cut_and_odd_ones_are_on_one_line(dataset, make_spec):
    odd = Split((f"superb\x1b[31m {'superb' * 5000}",), np.array([0]), np.array([2]), np.array([7]), ("no", "yes"))
    texts = (*odd.texts * 30, *dataset.train.texts[30:])
    train = dataclasses.replace(dataset.train, texts=texts, labels=np.repeat([1, 0], 30))
    model = model_class("tfidf_logreg")(C=10.0)
    model.fit(train, dataset.valid, loss_class("ce")(train.lengths, train.labels))
    (one,) = found_in(model, odd, make_spec).mistakes
    assert max(len(word) for word, _ in one.words) == LONGEST_STORED_WORD
    assert all(word.isprintable() for word, _ in one.words)


@pytest.fixture
def cell(store, dataset, wrong, make_spec):
    """A cell that makes mistakes, run."""
    data = dataclasses.replace(dataset, test=wrong)
    store.write_data(data)
    spec = make_spec().model_copy(update={"data_fingerprint": data.fingerprint})
    run_cell(spec, store, lambda done, total: None)
    return spec


def test_a_cell_leaves_them_beside_its_predictions_and_times_them_apart(cell, store, wrong):
    found = store.read_explanations(cell.id)
    assert [one.method for one in found.mistakes] == ["weights"] * MISTAKES
    classifier = load_model(store.cell_folder(cell.id))
    for one in found.mistakes:
        (place,) = np.flatnonzero(wrong.rows == one.row)
        said = dict(explain(classifier, wrong.texts[place]).words)
        assert one.words[0][0] in said
    result = store.read_result(cell.id)
    measured = result.measurement("explanations")
    assert measured.examples == [MISTAKES]
    assert 0 < measured.seconds[0] < 2


def test_the_same_cell_leaves_the_same_bytes(cell, store):
    path = store.cell_folder(cell.id) / "explanations.json"
    before = path.read_bytes()
    store.remove_cell(cell.id)
    run_cell(cell, store, lambda done, total: None)
    assert path.read_bytes() == before


def test_they_hold_no_text(cell, store, wrong):
    content = (store.cell_folder(cell.id) / "explanations.json").read_text()
    assert not [text for text in wrong.texts if text in content]


def test_a_deep_audit_has_none(cell, store):
    again = cell.model_copy(update={"role": "repeated"})
    run_cell(again, store, lambda done, total: None)
    assert store.read_explanations(again.id) is None
    assert store.read_result(again.id).measurement("explanations") is None


def test_they_travel_with_the_cell(cell, store, tmp_path):
    other = type(store)(tmp_path / "other")
    unpack(other, pack_cell(store, cell.id))
    assert other.read_explanations(cell.id) == store.read_explanations(cell.id)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"null", b"\xff", b"[" * 10**5, b'{"x": 1}', b'{"schema_version": 2}', b'{"mistakes": [{"row": 1}]}',
        b'{"mistakes": [{"row": 1, "predicted": 0, "words": [["a", NaN]]}]}',
    ],
)  # fmt: skip
def test_a_damaged_file_is_named(cell, store, content):
    (store.cell_folder(cell.id) / "explanations.json").write_bytes(content)
    with pytest.raises(DamagedError, match=r"explanations\.json is damaged") as caught:
        store.read_explanations(cell.id)
    assert "\n" not in str(caught.value)


def test_what_is_written_is_read(cell, store):
    found = Explanations(mistakes=(ExplainedMistake(row=3, predicted=1, method="erasure", words=(("a", -0.5),)),))
    store.write_result(store.read_result(cell.id), explanations=found)
    assert store.read_explanations(cell.id) == found
