"""Each audit, by the fault it is there to find."""

import dataclasses

import numpy as np
import pytest

from benchmarks.cells import audits
from benchmarks.registry.entries import loss_class
from data.dataset import Dataset, Split
from models.model import FitReport

LENGTHS = np.random.default_rng(0).integers(20, 1200, 500)
LABELS = (np.random.default_rng(1).random(500) < 0.2).astype(np.int64)
NAMES = ("negative", "positive")


def split(texts):
    n = len(texts)
    return Split(tuple(texts), np.arange(n) % 2, np.full(n, 2), np.arange(n), NAMES)


def dataset(train=("a", "b"), valid=("c", "d"), test=("e", "f")):
    return Dataset("toy", split(train), split(valid), split(test))


def gradient_audit(name, *, reference=False, labels=LABELS, **settings):
    loss = loss_class(name)(LENGTHS, labels, **settings)
    return audits.loss_gradient(loss, LENGTHS, labels, 2, reference=reference)


@pytest.mark.parametrize(("inside", "passed"), [(True, True), (False, False), (None, True)])
def test_a_strength_at_the_end_of_the_grid_is_noted(inside, passed):
    audit = audits.regularisation(FitReport(parameters=1, optimum_inside=inside))
    assert (audit.passed, audit.alarms) == (passed, False)


def test_vectors_from_a_cache_are_noted():
    audit = audits.cached_vectors(FitReport(parameters=1, cached_texts=2000))
    assert (audit.passed, audit.alarms) == (False, False)
    assert "vectors of 2,000 texts came from a cache" in audit.reason
    assert "adds their encoding" in audit.reason
    assert audits.cached_vectors(FitReport(parameters=1)).passed


def test_the_loss_that_cannot_change_training_is_caught():
    audit = gradient_audit("length_penalty")
    assert not audit.passed
    assert "cannot change training" in audit.reason


def test_a_loss_that_weighs_by_length_passes_and_says_by_how_much():
    audit = gradient_audit("length_weighted_ce")
    assert audit.passed
    assert "differs from cross-entropy's by" in audit.reason


def test_a_weighting_that_was_switched_off_is_caught():
    assert not gradient_audit("length_weighted_ce", alpha=0.0).passed


@pytest.mark.parametrize("name", ["class_weighted_ce", "focal", "label_smoothing"])
def test_other_losses_differ_from_cross_entropy(name):
    assert gradient_audit(name).passed


@pytest.mark.parametrize(
    ("name", "settings"),
    [("class_weighted_ce", {"beta": 0.0}), ("focal", {"gamma": 0.0}), ("label_smoothing", {"epsilon": 0.0})],
)
def test_other_losses_that_were_switched_off_are_caught(name, settings):
    assert not gradient_audit(name, **settings).passed


def test_class_weights_that_change_nothing_are_caught():
    """Where the classes are equally large, there is nothing to weigh."""
    assert not gradient_audit("class_weighted_ce", labels=np.arange(500) % 2).passed


def test_the_reference_must_be_cross_entropy():
    assert gradient_audit("ce", reference=True).passed
    assert not gradient_audit("length_weighted_ce", reference=True).passed


def test_a_loss_without_a_finite_gradient_is_caught():
    def overflowing(logits, labels, lengths):
        return (logits * 1e38).exp().sum(dim=1)

    audit = audits.loss_gradient(overflowing, LENGTHS, LABELS, 2)
    assert not audit.passed
    assert "not finite" in audit.reason


def test_disjoint_splits_pass():
    assert audits.splits_disjoint(dataset()).passed


@pytest.mark.parametrize(
    ("planted", "finding"),
    [
        ({"test": ("e", "a")}, "1 texts (50.0%) are in train and test"),
        ({"valid": ("e", "f")}, "2 texts (100.0%) are in valid and test"),
        ({"valid": ("b", "c")}, "1 texts (50.0%) are in train and valid"),
    ],
    ids=["a leaked row", "validation drawn from test", "validation drawn from training without removal"],
)
def test_a_text_in_two_splits_is_caught(planted, finding):
    audit = audits.splits_disjoint(dataset(**planted))
    assert not audit.passed
    assert audit.alarms
    assert finding in audit.reason


@pytest.mark.parametrize(("leaked", "severity"), [(1, "warning"), (2, "warning"), (3, "error")])
def test_a_trace_of_leaked_texts_is_a_warning_and_more_an_error(leaked, severity):
    """The published IMDB split has 123 leaked rows of 25,000: known, and no alarm in every cell."""
    test = [f"test {n}" for n in range(200 - leaked)] + [f"train {n}" for n in range(leaked)]
    audit = audits.splits_disjoint(dataset(train=[f"train {n}" for n in range(100)], test=test))
    assert not audit.passed
    assert audit.severity == severity
    assert f"{leaked} texts ({leaked / 200:.1%}) are in train and test" in audit.reason


def test_a_file_sorted_by_length_and_cut_at_its_tail_is_caught():
    """Its test texts have many times the words of its training texts."""
    generator = np.random.default_rng(0)
    texts = sorted((" ".join(generator.choice(list("abcdefgh"), size)) for size in range(5, 605)), key=len)
    shuffled = [texts[row] for row in generator.permutation(len(texts))]

    def cut(texts):
        parts = texts[:400], texts[400:450], texts[450:]
        splits = [dataclasses.replace(split(part), lengths=np.array([len(t.split()) for t in part])) for part in parts]
        return Dataset("toy", *splits)

    assert audits.splits_alike(cut(shuffled)).passed
    audit = audits.splits_alike(cut(texts))
    assert audit.alarms
    assert "times the words of training texts" in audit.reason


def test_an_argmax_over_a_single_logit_is_caught():
    audit = audits.decoding(np.ones((10, 1)), 10, 2)
    assert not audit.passed
    assert "1 score columns for 2 classes" in audit.reason


@pytest.mark.parametrize("scores", [[[0.5, 0.6]], [[-0.1, 1.1]], [[np.nan, 1.0]], [[2.0, -1.0]]], ids=str)
def test_scores_that_are_no_probabilities_are_caught(scores):
    assert not audits.decoding(np.array(scores), 1, 2).passed


def test_probabilities_pass():
    assert audits.decoding(np.array([[0.25, 0.75], [1.0, 0.0]]), 2, 2).passed


def probabilities(predicted):
    return np.eye(2)[np.asarray(predicted)]


def test_a_constant_model_is_caught():
    audit = audits.predictions(probabilities(np.zeros(100, dtype=int)), NAMES)
    assert not audit.passed
    assert (audit.reason, audit.severity) == ("never predicts positive", "error")


def test_a_rare_class_that_is_never_predicted_is_a_warning():
    scores = np.eye(9)[np.arange(100) % 2]
    audit = audits.predictions(scores, tuple("abcdefghi"))
    assert not audit.passed
    assert (audit.reason, audit.severity) == ("never predicts c, d, e, f, g and 2 others", "warning")


def test_a_model_below_the_majority_class_is_caught():
    """Above one over the number of classes, and worse than knowing nothing."""
    labels = np.array([0] * 90 + [1] * 10)
    predicted = np.array([0] * 75 + [1] * 25)
    audit = audits.majority_baseline(probabilities(predicted), labels, NAMES)
    assert audit.alarms
    assert audit.reason == "accuracy 85.0% is not above the 90.0% of always naming negative"


def test_a_coin_is_caught():
    generator = np.random.default_rng(0)
    labels = np.arange(500) % 2
    audit = audits.majority_baseline(probabilities(generator.integers(0, 2, 500)), labels, NAMES)
    assert not audit.passed


def test_an_accuracy_that_chance_explains_is_a_warning():
    labels = np.arange(100) % 2
    predicted = np.where(np.arange(100) < 55, labels, 1 - labels)
    audit = audits.majority_baseline(probabilities(predicted), labels, NAMES)
    assert not audit.passed
    assert audit.severity == "warning"
    assert audit.reason == "accuracy 55.0% is not shown to be above the 50.0% of always naming negative"


def test_a_model_that_learnt_passes():
    labels = np.arange(200) % 2
    predicted = np.where(np.arange(200) % 10 == 0, 1 - labels, labels)
    assert audits.predictions(probabilities(predicted), NAMES).passed
    assert audits.majority_baseline(probabilities(predicted), labels, NAMES).passed


def test_a_solver_that_stopped_early_is_caught():
    assert not audits.convergence(FitReport(parameters=1, converged=False)).passed
    assert audits.convergence(FitReport(parameters=1, converged=True)).passed
    assert audits.convergence(FitReport(parameters=1, converged=None)).passed


def test_a_model_that_saw_less_than_half_is_caught():
    assert not audits.truncation({"texts_cut": 0.9, "tokens_cut": 0.6}).passed
    audit = audits.truncation({"texts_cut": 0.5, "tokens_cut": 0.25})
    assert audit.passed
    assert audit.reason == "50.0% of the texts were cut; 25.0% of their tokens were cut off"


@pytest.mark.parametrize(
    ("unknown", "passed", "severity"),
    [(0.0, True, None), (0.01, True, None), (0.2, False, "warning"), (0.81, False, "error")],
)
def test_a_model_that_knows_no_word_of_the_texts_is_caught(unknown, passed, severity):
    audit = audits.unknown_texts({"texts_unknown": unknown, "tokens_unknown": 0.7})
    assert audit.passed is passed
    assert severity in (None, audit.severity)
    assert audit.reason.startswith(f"{unknown:.1%} of the test texts hold no token that the model knows")


def test_a_model_that_knows_test_labels_in_spite_of_shuffled_ones_is_caught():
    labels = np.arange(400) % 2
    knowing = np.where(np.arange(400) % 5 == 0, 1 - labels, labels)
    audit = audits.shuffled_labels(probabilities(knowing), labels)
    assert not audit.passed
    assert audit.reason == "trained on shuffled labels, 80.0% are right; 50.0% would be by chance"


def test_a_model_at_chance_on_shuffled_labels_passes():
    generator = np.random.default_rng(1)
    labels = generator.integers(0, 2, 400)
    assert audits.shuffled_labels(probabilities(generator.integers(0, 2, 400)), labels).passed
    assert audits.shuffled_labels(probabilities(np.zeros(400, dtype=int)), labels).passed


def test_the_same_seed_must_give_the_same_predictions():
    before = np.array([[0.2, 0.8], [0.6, 0.4]])
    assert audits.repeated(before.copy(), before).passed
    audit = audits.repeated(np.array([[0.2, 0.8], [0.4, 0.6]]), before)
    assert not audit.passed
    assert audit.reason == "the same seed gave 1 other predictions, and probabilities up to 0.2 apart"
    assert not audits.repeated(before, None).passed
