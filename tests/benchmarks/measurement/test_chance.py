import numpy as np
import pytest

from benchmarks.measurement.chance import above_majority, majority_share

LABELS = np.array([0] * 60 + [1] * 40)


def test_the_baseline_is_the_most_common_class():
    assert majority_share(LABELS) == 0.6


@pytest.mark.parametrize(("right", "above"), [(50, False), (60, False), (70, False), (72, True), (100, True)])
def test_an_accuracy_must_be_above_the_majority_by_more_than_chance(right, above):
    predicted = LABELS.copy()
    predicted[right:] = 1 - predicted[right:]
    assert above_majority(predicted, LABELS) is above


def test_few_texts_show_nothing():
    assert not above_majority(np.array([0, 1]), np.array([0, 1]))
