"""Selection by another metric than accuracy: its values are the reports', and the entry that is selected follows it."""

import numpy as np
import pytest

from models.model import select
from models.selection import Criterion
from reports.analysis.metric_figures import ROW_FIGURES, _cost

COSTS = ((0.0, 1.0, 2.0), (5.0, 0.0, 1.0), (9.0, 1.0, 0.0))


def drawn(classes=3, rows=200):
    generator = np.random.default_rng(0)
    labels = generator.choice(classes, rows, p=np.arange(classes, 0, -1) / np.arange(classes + 1).sum())
    probabilities = generator.dirichlet(np.ones(classes), rows) + 0.5 * np.eye(classes)[labels]
    return labels, probabilities / probabilities.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("metric", ["macro_f1", "balanced_accuracy", "average_precision", "log_loss"])
def test_values_are_those_of_the_reports(metric, classes):
    labels, probabilities = drawn(classes)
    assert Criterion(metric).value(labels, probabilities) == pytest.approx(
        ROW_FIGURES[metric](labels, probabilities)[0]
    )


def test_the_cost_is_that_of_the_reports():
    labels, probabilities = drawn()
    expected = _cost(labels, probabilities, np.array(COSTS))[0]
    assert Criterion("cost", COSTS).value(labels, probabilities) == pytest.approx(expected)


def test_accuracy_needs_no_entry_of_its_own():
    assert Criterion().entry(*drawn()) == {}


def test_the_entry_with_the_best_metric_is_selected():
    history = [
        {"valid_accuracy": 0.9, "valid_loss": 0.3, "valid_metric": 0.4},
        {"valid_accuracy": 0.8, "valid_loss": 0.5, "valid_metric": 0.6},
        {"valid_accuracy": 0.8, "valid_loss": 0.4, "valid_metric": 0.6},
    ]
    assert select(history) == 2
    assert select([{k: v for k, v in entry.items() if k != "valid_metric"} for entry in history]) == 0
