"""Temperature scaling on validation, and what is kept of it."""

import dataclasses

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from benchmarks.cells.calibrating import LIMITS, POINTS, calibrate, design_effect, fitted_temperature
from benchmarks.cells.run_cell import run_cell
from benchmarks.cells.scores import ScoresError
from benchmarks.inference.saved import load_model
from benchmarks.store.results import StoreError
from data.dataset import Split
from models.lstm import Lstm


def drawn(rows, classes=3, temperature=2.5, seed=0):
    """Probabilities that are sharper by `temperature` than the labels are drawn by."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(rows, classes)) * 2
    labels = (softmax(logits, axis=1).cumsum(axis=1) < generator.random((rows, 1))).sum(axis=1)
    return softmax(logits * temperature, axis=1), labels


def split(labels, groups=None):
    rows = len(labels)
    names = tuple(map(str, range(int(max(labels)) + 1)))
    texts = tuple(f"text {row}" for row in range(rows))
    return Split(texts, labels, np.full(rows, 2), np.arange(rows), names, groups)


class Logits(ClassifierMixin, BaseEstimator):
    """A fitted classifier whose inputs are its logits."""

    def fit(self, x, y):
        self.classes_ = np.unique(y)
        return self

    def decision_function(self, x):
        return x

    def predict(self, x):
        return x.argmax(axis=1)


def test_the_temperature_that_made_the_probabilities_too_sharp_is_found():
    assert fitted_temperature(*drawn(20_000)) == pytest.approx(2.5, rel=0.05)


def test_the_temperature_is_scikit_learn_s():
    probabilities, labels = drawn(500)
    logs = np.log(probabilities)
    frozen = FrozenEstimator(Logits().fit(logs, labels))
    theirs = CalibratedClassifierCV(frozen, method="temperature").fit(logs, labels)
    beta = theirs.calibrated_classifiers_[0].calibrators[0].beta_
    assert fitted_temperature(probabilities, labels) == pytest.approx(1 / beta, rel=1e-3)


def test_validation_without_a_mistake_leaves_a_finite_temperature():
    labels = np.arange(40) % 2
    assert LIMITS[0] <= fitted_temperature(np.eye(2)[labels] * 0.8 + 0.1, labels) < 0.1


def test_calibration_lowers_the_log_loss_and_counts_the_rows_right():
    probabilities, labels = drawn(1_000)
    found = calibrate(probabilities, split(labels))
    assert found.log_loss_after < found.log_loss_before
    assert len(found.confidences) == POINTS
    assert list(found.confidences) == sorted(found.confidences, reverse=True)
    assert found.answered[-1] == found.rows == 1_000
    assert found.right[-1] == (probabilities.argmax(axis=1) == labels).sum()


def test_rows_with_the_same_confidence_are_answered_together():
    probabilities = np.tile([0.7, 0.3], (50, 1))
    found = calibrate(probabilities, split(np.arange(50) % 2))
    assert found.answered == (50,)


def test_groups_that_are_right_or_wrong_together_count_as_one_row_each():
    right = np.repeat(np.random.default_rng(0).random(400) < 0.9, 5)
    groups = tuple(str(row // 5) for row in range(2_000))
    assert design_effect(right, groups) == pytest.approx(5, rel=0.02)
    assert design_effect(right, None) == 1.0


def test_a_cell_keeps_its_validation_predictions_and_its_temperature(store, make_spec, dataset):
    spec = make_spec()
    run_cell(spec, store, lambda done, total: None)
    result = store.read_result(spec.id)
    frame = store.read_validation(spec.id)
    assert frame["row"].tolist() == dataset.valid.rows.tolist()
    assert frame["label"].tolist() == dataset.valid.labels.tolist()
    assert result.calibration.temperature > 0
    assert result.measurement("valid_set").examples == [len(dataset.valid)]
    folder = store.cell_folder(spec.id)
    calibrated, raw = load_model(folder), load_model(folder, raw=True)
    assert calibrated.calibration == result.calibration
    texts = dataset.test.texts
    assert not np.allclose(calibrated.predict_proba(texts), raw.predict_proba(texts))
    np.testing.assert_array_equal(calibrated.own_proba(texts), raw.predict_proba(texts))
    np.testing.assert_array_equal(calibrated.predict(texts), raw.predict(texts))
    own = raw.predict_proba(dataset.valid.texts)
    np.testing.assert_allclose(frame[["probability_0", "probability_1"]].to_numpy(), own, rtol=1e-6)


def test_validation_texts_that_a_training_scored_are_not_scored_again(store, make_spec, dataset):
    spec = make_spec("lstm", epochs=3, min_steps=0, batch_size=4, embedding_width=4, hidden_width=4)
    run_cell(spec, store, lambda done, total: None)
    assert store.read_result(spec.id).measurement("valid_set") is None
    own = load_model(store.cell_folder(spec.id), raw=True, precision=spec.precision).predict_proba(dataset.valid.texts)
    frame = store.read_validation(spec.id)
    np.testing.assert_allclose(frame[["probability_0", "probability_1"]].to_numpy(), own, rtol=1e-6)


def test_a_training_that_kept_another_model_s_scores_is_refused(store, make_spec, dataset, monkeypatch):
    """As of a plug-in whose `fit` changes the weights after the epochs."""
    spec = make_spec("lstm", epochs=3, min_steps=0, batch_size=4, embedding_width=4, hidden_width=4)
    monkeypatch.setattr(Lstm, "valid_scores", lambda model: np.tile([0.9, 0.1], (len(dataset.valid), 1)))
    with pytest.raises(
        ScoresError, match=r"^valid_scores\(\) differ from score\(\) of the same texts by 0\.\d+ \(cure"
    ):
        run_cell(spec, store, lambda done, total: None)


def test_a_deep_audit_s_cell_is_not_calibrated(store, make_spec):
    spec = make_spec().model_copy(update={"role": "shuffled labels"})
    run_cell(spec, store, lambda done, total: None)
    assert store.read_result(spec.id).calibration is None
    with pytest.raises(StoreError, match="run the suite again"):
        store.read_validation(spec.id)


def test_groups_of_validation_rows_are_kept(store, make_spec, dataset):
    groups = tuple(f"film {row // 2}" for row in range(len(dataset.valid)))
    grouped = dataclasses.replace(dataset, valid=dataclasses.replace(dataset.valid, groups=groups))
    store.write_data(grouped)
    spec = make_spec().model_copy(update={"data_fingerprint": grouped.fingerprint})
    run_cell(spec, store, lambda done, total: None)
    assert store.read_validation(spec.id)["group"].tolist() == list(groups)
