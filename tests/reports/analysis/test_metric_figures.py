"""Metrics as figures: their values are scikit-learn's, their influences the jackknife's."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, balanced_accuracy_score, f1_score, log_loss

from reports.analysis.estimates import estimate
from reports.analysis.evidence import gather
from reports.analysis.metric_figures import METRICS, ROW_FIGURES, _cost, metric_figure
from reports.analysis.results import read_results


def drawn(rows=150, classes=3, seed=0):
    generator = np.random.default_rng(seed)
    labels = generator.choice(classes, rows, p=[0.6, 0.3, 0.1])
    probabilities = generator.dirichlet(np.ones(classes), rows) + 0.7 * np.eye(classes)[labels]
    return labels, probabilities / probabilities.sum(axis=1, keepdims=True)


THEIRS = {
    "average_precision": lambda y, p: average_precision_score(np.eye(3)[y], p, average="macro"),
    "balanced_accuracy": lambda y, p: balanced_accuracy_score(y, p.argmax(axis=1)),
    "macro_f1": lambda y, p: f1_score(y, p.argmax(axis=1), average="macro"),
    "log_loss": lambda y, p: -log_loss(y, p, labels=range(3)),
}


@pytest.mark.parametrize("metric", THEIRS)
def test_the_value_is_scikit_learn_s(metric):
    labels, probabilities = drawn()
    assert ROW_FIGURES[metric](labels, probabilities)[0] == pytest.approx(THEIRS[metric](labels, probabilities))


@pytest.mark.parametrize("metric", THEIRS)
def test_the_influence_is_the_jackknife_s(metric):
    labels, probabilities = drawn(400)
    value, influence = ROW_FIGURES[metric](labels, probabilities)
    assert influence.sum() == pytest.approx(0, abs=1e-9)
    without = [np.arange(400) != row for row in range(400)]
    left = np.array([THEIRS[metric](labels[keep], probabilities[keep]) for keep in without])
    np.testing.assert_allclose(influence, (value - left) * 399 / 400, rtol=0.05, atol=4e-5)


def test_classes_that_do_not_occur_are_left_out():
    labels, probabilities = (
        np.array([0, 0, 1, 1]),
        np.array([[0.9, 0.1, 0], [0.8, 0.2, 0], [0.3, 0.7, 0], [0.6, 0.4, 0]]),
    )
    for metric in THEIRS:
        assert np.isfinite(ROW_FIGURES[metric](labels, probabilities)[1]).all()
    assert ROW_FIGURES["balanced_accuracy"](labels, probabilities)[0] == 0.75


@pytest.mark.parametrize("repeats", [0, 3])
def test_every_training_has_its_figure(write_results, tmp_path, repeats):
    write_results(tmp_path / "r", repeats=repeats, group_size=5 if repeats else 0)
    results = read_results(tmp_path / "r")
    for one in gather(results):
        for metric in METRICS.keys() - {"cost"}:
            figure = metric_figure(metric, one, results)
            assert figure.trainings == len(one.right)
            assert estimate(figure).standard_error > 0


def test_the_average_precision_of_two_classes_is_that_of_the_rarer_one():
    generator = np.random.default_rng(1)
    labels = (generator.random(200) < 0.1).astype(int)
    scores = np.round(generator.random(200) / 2 + 0.3 * labels, 1)  # with ties
    for rare, own in ((1, labels), (0, 1 - labels)):
        probabilities = np.column_stack([1 - scores, scores])[:, :: 1 if rare else -1]
        assert ROW_FIGURES["average_precision"](own, probabilities)[0] == pytest.approx(
            average_precision_score(labels, scores)
        )


def test_the_cost_is_the_mean_over_the_matrix_with_its_sign_changed():
    labels, probabilities = np.array([0, 0, 1]), np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    value, influence = _cost(labels, probabilities, np.array([[0.0, 1.0], [5.0, 0.0]]))
    assert value == pytest.approx(-2.0)
    np.testing.assert_allclose(influence, [2 / 3, 1 / 3, -1.0])
