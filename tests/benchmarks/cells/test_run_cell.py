import dataclasses
import time

import numpy as np
import pytest
import threadpoolctl
import torch

from benchmarks.cells.preparation import with_shuffled_labels
from benchmarks.cells.run_cell import run_cell
from benchmarks.cells.scores import ScoresError
from benchmarks.hardware.slots import threads
from benchmarks.measurement.energy import Counter, Meter
from benchmarks.registry.entries import model_class
from data.dataset import Split
from models.lstm import lstm_flops
from models.tfidf_logreg import TfidfLogReg


@pytest.fixture
def result(store, make_spec):
    spec = make_spec()
    run_cell(spec, store, lambda done, total: None)
    return store.read_result(spec.id)


def test_a_cell_says_everything_the_report_needs(result):
    assert result.status == "ok"
    assert set(result.metrics) == {"accuracy", "accuracy_without_leaks", "macro_f1", "log_loss"}
    assert result.metrics["accuracy"] > 0.9
    assert {m.phase for m in result.measurements} == {
        "fit", "test_set", "valid_set", "text_to_label", "encoded_to_scores", "single_review", "explanations",
    }  # fmt: skip
    assert result.measurement("text_to_label").examples == [8, 8]
    assert len(result.measurement("single_review").seconds) == 3
    assert all(seconds > 0 for m in result.measurements for seconds in m.seconds)
    assert [audit.name for audit in result.audits if not audit.passed] == []
    assert result.memory.host > result.memory.host_start > 0
    assert result.model_bytes > 0
    assert result.overhead_seconds > 0
    assert len(result.length_edges) == 3
    assert result.environment["threads"] == threads()


def test_predictions_are_those_of_the_saved_model(result, store, dataset):
    model = model_class("tfidf_logreg").load(store.cell_folder(result.spec.id) / "model")
    frame = store.read_predictions(result.spec.id)
    assert frame["row"].tolist() == dataset.test.rows.tolist()
    assert frame["label"].tolist() == dataset.test.labels.tolist()
    scores = model.score(model.encode(dataset.test.texts))
    np.testing.assert_allclose(frame[["probability_0", "probability_1"]].to_numpy(), scores, rtol=1e-6)


def test_a_torch_model_s_training_rate_is_measured(store, make_spec):
    spec = make_spec("lstm", epochs=4, min_steps=0, batch_size=4, embedding_width=4, hidden_width=4)
    steps = []
    run_cell(spec, store, lambda done, total: steps.append((done, total)))
    spans = store.read_result(spec.id).measurement("train_steps")
    planned = 4 * 10
    assert steps[0] == (1, planned)
    assert sum(spans.examples) == (len(steps) - 5) * 4  # five steps of warm-up are left out


def test_what_a_reading_computed_is_recorded(store, make_spec):
    spec = make_spec("lstm", epochs=4, min_steps=0, batch_size=4, embedding_width=4, hidden_width=4)
    run_cell(spec, store, lambda done, total: None)
    result = store.read_result(spec.id)
    flops = lstm_flops(4, 4, 2)
    for phase, passes in (("train_steps", 3), ("test_set", 1), ("text_to_label", 1), ("encoded_to_scores", 1)):
        found = result.measurement(phase)
        assert len(found.flops) == len(found.padded_tokens) == len(found.seconds) > 0
        for flop, texts, tokens, padded in zip(
            found.flops, found.examples, found.tokens, found.padded_tokens, strict=True
        ):
            assert tokens <= padded
            assert flop == passes * (flops.text * texts + flops.token * padded)


@pytest.mark.parametrize("enough", [0.0, 1.0], ids=["a slow model", "a fast model"])
def test_seconds_count_once(store, make_spec, monkeypatch, enough):
    """The halves of a slow model's pass over the test set are its readings: what is left is not below zero."""
    monkeypatch.setattr("benchmarks.cells.timing.ENOUGH", enough)
    score = TfidfLogReg.score
    monkeypatch.setattr(TfidfLogReg, "score", lambda self, e: time.sleep(0.02 * len(e)) or score(self, e))
    spec = make_spec()
    began = time.perf_counter()
    run_cell(spec, store, lambda done, total: None)
    took = time.perf_counter() - began
    result = store.read_result(spec.id)
    whole, labels, scores = map(result.measurement, ("test_set", "text_to_label", "encoded_to_scores"))
    assert labels.of_test_set == scores.of_test_set == (enough == 0.0)
    assert sum(labels.seconds) == pytest.approx(whole.seconds[0]) or enough
    timed = sum(sum(one.seconds) for one in result.measurements if not one.is_part)
    assert 0 < result.overhead_seconds < took
    assert timed + result.overhead_seconds < took


def test_a_model_without_batches_of_tokens_has_no_operations(result):
    assert not any(m.padded_tokens or m.flops for m in result.measurements)


def test_what_disturbed_a_cell_and_its_energy_are_recorded(store, make_spec, monkeypatch):
    joules = iter(range(0, 1000, 10))
    counter = Counter("a counter", lambda: float(next(joules)))
    for module in ("fitting", "run_cell"):
        monkeypatch.setattr(f"benchmarks.cells.{module}.meter", lambda *devices: Meter([counter]))
    spec = make_spec()
    run_cell(spec, store, lambda done, total: None)
    result = store.read_result(spec.id)
    assert result.measurement("fit").joules == [10.0]
    assert result.measurement("test_set").joules == [10.0]  # encoding and scoring, both halves
    assert result.energy == "a counter"
    assert 0 <= result.load.others <= 1


def test_the_regimes_are_read_in_turn(store, make_spec, monkeypatch):
    """A reading of each, again and again: a machine that slows down slows all of them alike."""
    asked = []
    score, encode = TfidfLogReg.score, TfidfLogReg.encode
    monkeypatch.setattr(
        TfidfLogReg, "encode", lambda self, texts: asked.append(("encode", len(texts))) or encode(self, texts)
    )
    monkeypatch.setattr(TfidfLogReg, "score", lambda self, e: asked.append(("score", len(e))) or score(self, e))
    run_cell(make_spec(), store, lambda done, total: None)
    labels, scores, one = [("encode", 8), ("score", 8)], [("score", 8)], [("encode", 1), ("score", 1)]
    assert asked[-15:-3] == labels + scores + one + labels + scores + 2 * one  # then tokens are counted, and validation


def test_a_leaked_row_shows_in_accuracy_and_audit(store, make_spec, dataset):
    leaky = dataclasses.replace(
        dataset,
        test=dataclasses.replace(dataset.test, texts=(dataset.train.texts[0], *dataset.test.texts[1:])),
        leaked_test_rows=dataset.test.rows[:1],
    )
    store.write_data(leaky)
    spec = make_spec().model_copy(update={"data_fingerprint": leaky.fingerprint, "train_size": len(dataset.train)})
    run_cell(spec, store, lambda done, total: None)
    result = store.read_result(spec.id)
    assert result.leaked_rows == [200]
    (audit,) = (audit for audit in result.audits if not audit.passed)
    assert (audit.name, audit.severity) == ("splits disjoint", "error")  # 1 of 40


@pytest.mark.parametrize("model", ["tfidf_logreg", "lstm"])
def test_deep_audits_pass_on_an_honest_model(store, make_spec, model):
    settings = {} if model == "tfidf_logreg" else {"epochs": 2, "min_steps": 0, "embedding_width": 4, "hidden_width": 4}
    spec = make_spec(model, **settings)
    roles = ("result", "shuffled labels", "repeated")
    specs = [spec.model_copy(update={"role": role}) for role in roles]
    assert len({spec.id for spec in specs}) == 3
    for one in specs:
        run_cell(one, store, lambda done, total: None)
    for role, one in zip(roles[1:], specs[1:], strict=True):
        (audit,) = store.read_result(one.id).audits
        assert (audit.name, audit.passed) == (role, True), audit.reason


@pytest.mark.parametrize("sizes", [(8,) * 60, (17,) * 5, (200, 100, 4, 1, 1), (3, 50)])
def test_shuffled_labels_keep_each_class_and_say_nothing_of_it(sizes):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    texts, names = ("text",) * len(labels), tuple(map(str, range(len(sizes))))
    shuffled = with_shuffled_labels(Split(texts, labels, np.ones_like(labels), np.arange(len(labels)), names)).labels
    found = np.zeros((len(sizes), len(sizes)))
    np.add.at(found, (labels, shuffled), 1)  # texts of each class (row) that get each label (column)
    assert np.all(found.sum(axis=0) > 0)
    assert np.abs(found - np.outer(sizes, sizes) / len(labels)).max() < 2


def test_more_classes_than_texts_of_each_get_as_many_shuffled_labels():
    labels = np.repeat(np.arange(60), 8)
    split = Split(("text",) * 480, labels, np.ones_like(labels), np.arange(480), tuple(map(str, range(60))))
    shuffled = with_shuffled_labels(split).labels
    assert np.bincount(shuffled).tolist() == [8] * 60
    assert (shuffled == labels).sum() < 24  # 8 by chance


def test_a_repetition_of_nothing_fails(store, make_spec):
    spec = make_spec().model_copy(update={"role": "repeated"})
    run_cell(spec, store, lambda done, total: None)
    (audit,) = store.read_result(spec.id).audits
    assert not audit.passed


def test_a_repeat_trains_on_other_rows_and_is_judged_on_the_same(store, make_spec, monkeypatch):
    trained = []
    fit = TfidfLogReg.fit
    monkeypatch.setattr(
        TfidfLogReg, "fit", lambda self, train, *others: trained.append(train.texts) or fit(self, train, *others)
    )
    specs = [make_spec().model_copy(update={"repeat": repeat}) for repeat in (0, 1, 2)]
    for spec in specs:
        run_cell(spec, store, lambda done, total: None)
    assert len({spec.id for spec in specs}) == len({frozenset(texts) for texts in trained}) == 3
    rows = [store.read_predictions(spec.id)["row"].tolist() for spec in specs]
    assert rows[0] == rows[1] == rows[2]


def test_predictions_carry_the_groups_of_their_rows(store, make_spec, dataset):
    groups = tuple(f"film {row // 4}" for row in range(len(dataset.test)))
    grouped = dataclasses.replace(dataset, test=dataclasses.replace(dataset.test, groups=groups))
    store.write_data(grouped)
    spec = make_spec().model_copy(update={"data_fingerprint": grouped.fingerprint})
    run_cell(spec, store, lambda done, total: None)
    assert tuple(store.read_predictions(spec.id)["group"]) == groups


def test_a_model_is_given_the_threads_of_its_slot(store, make_spec, monkeypatch):
    given = []
    fit = TfidfLogReg.fit

    def noted(self, train, valid, loss, runtime, monitor):
        given.append((runtime.threads, torch.get_num_threads()))
        return fit(self, train, valid, loss, runtime, monitor)

    monkeypatch.setattr(TfidfLogReg, "fit", noted)
    before = torch.get_num_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    spec = make_spec()
    with threadpoolctl.threadpool_limits():  # restores the pools
        run_cell(spec, store, lambda done, total: None)
    torch.set_num_threads(before)
    assert given == [(3, 3)]
    assert store.read_result(spec.id).environment["threads"] == 3


@pytest.mark.parametrize(
    ("scores", "fault"),
    [
        (lambda p: p[:, :1], "shape (20, 1) for 20 texts and 2 classes: 1 score columns for 2 classes"),
        (lambda p: p[:19], "shape (19, 2) for 20 texts and 2 classes"),
        (lambda p: np.where(np.arange(len(p))[:, None] == 7, np.nan, p), "1 of 20 rows hold NaN or infinity"),
        (lambda p: p * 2, "20 of 20 rows do not sum to 1"),
        (lambda p: np.log(p + 1e-9), "rows hold negative numbers"),
        (lambda p: p.tolist(), "a list, not a NumPy array of floats"),
    ],
    ids=["a column", "a row short", "NaN", "unnormalised", "logarithms", "no array"],
)
def test_a_model_whose_scores_are_no_probabilities_fails_in_one_line(store, make_spec, monkeypatch, scores, fault):
    """A model that learnt nothing looks learnt where an argmax over NaN is class 0."""
    score = TfidfLogReg.score
    monkeypatch.setattr(TfidfLogReg, "score", lambda self, encoded: scores(score(self, encoded)))
    spec = make_spec()
    with pytest.raises(ScoresError) as raised:
        run_cell(spec, store, lambda done, total: None)
    assert fault in str(raised.value)
    assert "\n" not in str(raised.value)
    assert store.read_result(spec.id) is None
