import numpy as np
import pytest

from reports.analysis.calibration import brier_score, reliability_curve
from reports.analysis.calibration_error import BINS, bins, calibration_error
from reports.analysis.predictions import Predictions


def predictions(confidence, correct):
    confidence, correct = np.asarray(confidence, dtype=float), np.asarray(correct, dtype=bool)
    rows = np.arange(len(confidence))
    labels = np.where(correct, 1, 0)
    return Predictions(rows, labels, rows, np.column_stack([1 - confidence, confidence]))


def plain_error(found):
    return calibration_error([bins(found.probabilities.max(axis=1), found.correct)]).plain


def test_the_calibration_error_by_hand():
    """Ten rows at 0.95 of which 7 are right, ten at 0.65 of which 8 are: (0.25 + 0.15) / 2."""
    found = predictions([0.95] * 10 + [0.65] * 10, [1] * 7 + [0] * 3 + [1] * 8 + [0] * 2)
    assert plain_error(found) == pytest.approx(0.2)


def test_probabilities_that_mean_what_they_say_have_none():
    generator = np.random.default_rng(0)
    confidence = generator.uniform(0.5, 1.0, 200_000)
    found = predictions(confidence, generator.random(200_000) < confidence)
    assert plain_error(found) < 0.005


def test_bins_are_closed_on_the_right():
    curve = reliability_curve([predictions([1 / 1, 14 / 15, 0.5], [1, 1, 0])])
    assert np.flatnonzero(curve.rows).tolist() == [7, 13, 14]
    assert len(curve.rows) == BINS
    assert np.isnan(curve.accuracy[0])


def test_several_seeds_share_one_curve():
    one, other = predictions([0.9] * 4, [1, 1, 1, 0]), predictions([0.9] * 4, [0, 0, 0, 1])
    curve = reliability_curve([one, other])
    assert curve.rows.sum() == 8
    assert curve.accuracy[13] == 0.5


def test_the_brier_score_by_hand():
    assert brier_score(predictions([0.8, 0.6], [1, 0])) == pytest.approx((2 * 0.04 + 2 * 0.36) / 2)
