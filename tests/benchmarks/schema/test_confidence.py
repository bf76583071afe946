"""Calibrated probabilities, and the confidence from which an accuracy is shown."""

import numpy as np
import pytest
from pydantic import ValidationError

from benchmarks.schema.calibration import Calibration
from benchmarks.schema.confidence import confidence_for, lower_bound, tempered


def calibration(confidence, right, design_effect=1.0):
    order = np.argsort(-confidence)
    return Calibration(
        temperature=1.0,
        rows=len(right),
        log_loss_before=1.0,
        log_loss_after=1.0,
        confidences=tuple(confidence[order]),
        answered=tuple(range(1, len(right) + 1)),
        right=tuple(np.cumsum(right[order]).tolist()),
        design_effect=design_effect,
    )


@pytest.mark.parametrize("temperature", [0.05, 0.7, 1.0, 3.0, 20.0])
@pytest.mark.parametrize("classes", [2, 7])
def test_no_predicted_class_changes(temperature, classes):
    generator = np.random.default_rng(1)
    own = generator.dirichlet(np.full(classes, 0.2), size=5_000).astype(np.float32)
    own[:3] = 0.0
    own[:3, 1] = 1.0
    own[3] = 1 / classes
    own[4] = 1 / classes
    own[4, -1] = np.nextafter(own[4, -1], np.float32(1))
    found = tempered(own, temperature)
    np.testing.assert_array_equal(found.argmax(axis=1), own.argmax(axis=1))
    np.testing.assert_allclose(found.sum(axis=1), 1.0)


def test_a_temperature_of_one_changes_nothing():
    own = np.array([[0.2, 0.8], [0.55, 0.45]])
    np.testing.assert_allclose(tempered(own, 1.0), own)


def test_the_lower_bound_is_clopper_and_pearson_s():
    assert lower_bound(149, 149) == pytest.approx(0.05 ** (1 / 149))
    assert lower_bound(0, 10) == 0.0


def test_the_threshold_shows_the_accuracy_that_was_asked_for():
    """The chosen threshold holds what it promises in 19 of 20 draws."""
    generator = np.random.default_rng(2)
    broken, coverage = 0, []
    population = 1 / (1 + np.exp(-np.abs(4 * generator.normal(size=100_000))))  # 73 % could be answered at 95 %
    for _ in range(200):
        confidence = generator.choice(population, 1_000, replace=False)
        threshold = confidence_for(0.95, calibration(confidence, generator.random(1_000) < confidence))
        answered = population[population >= threshold] if threshold is not None else np.ones(1)
        broken += answered.mean() < 0.95
        coverage.append(0.0 if threshold is None else len(answered) / len(population))
    assert broken <= 0.05 * 200
    assert np.mean(coverage) > 0.5


def test_an_accuracy_that_no_confidence_has_is_not_promised():
    generator = np.random.default_rng(3)
    confidence = generator.uniform(0.5, 1.0, 500)
    assert confidence_for(0.95, calibration(confidence, generator.random(500) < 0.8)) is None


def test_grouped_rows_promise_less():
    confidence = np.linspace(0.5, 1.0, 1_000)
    right = np.ones(1_000, dtype=bool)
    assert confidence_for(0.98, calibration(confidence, right)) == 0.5
    assert confidence_for(0.98, calibration(confidence, right, design_effect=10.0)) is None


def test_points_of_different_lengths_are_refused():
    with pytest.raises(ValidationError, match="as many confidences"):
        Calibration(temperature=1, rows=1, log_loss_before=1, log_loss_after=1, confidences=(0.5,))
