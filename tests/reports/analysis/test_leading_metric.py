"""Where accuracy misleads, the report leads with macro-F1, unless a metric was asked for."""

from types import SimpleNamespace

import numpy as np
import pytest

from reports.analysis.leading_metric import leading_metric


def leads(labels, classes=2, metric=None):
    run = {"dataset": {"classes": [str(number) for number in range(classes)]}, "metric": metric}
    return leading_metric(SimpleNamespace(run=run), SimpleNamespace(labels=np.array(labels)))


def test_equal_classes_are_led_by_accuracy():
    found = leads([0, 1] * 50)
    assert (found.name, found.warning) == ("accuracy", "")


@pytest.mark.parametrize(
    ("labels", "classes", "why"),
    [
        ([0] * 90 + [1] * 10, 2, "the most common class has 90.0 % of the test rows"),
        ([0] * 50 + [1] * 49 + [2], 3, "the rarest class has 1.0 % of the test rows"),
    ],
)
def test_unequal_classes_are_led_by_macro_f1_and_it_is_said(labels, classes, why):
    found = leads(labels, classes)
    assert found.name == "macro_f1"
    assert found.warning.startswith(f"Accuracy misleads here: {why}. The decision goes by macro-F1")


@pytest.mark.parametrize(("metric", "name"), [("accuracy", "accuracy"), ("balanced_accuracy", "balanced accuracy")])
def test_a_metric_that_was_asked_for_leads_and_the_warning_stays(metric, name):
    found = leads([0] * 90 + [1] * 10, metric=metric)
    assert found.name == metric
    assert found.warning.endswith(f"Ranked by {name}, as asked.")
