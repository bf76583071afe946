"""Searches for settings: estimators against brute force."""

from itertools import combinations, permutations
from statistics import fmean

import numpy as np
import pytest

from reports.analysis.tuning import expected_best, expected_in_time

ACCURACIES = np.array([0.81, 0.84, 0.79, 0.84, 0.9, 0.6])


@pytest.mark.parametrize("k", range(1, len(ACCURACIES) + 1))
def test_expected_best_is_the_mean_over_all_subsets(k):
    """The unbiased estimator of Dodge et al. (2021)."""
    expected = expected_best(ACCURACIES)
    assert expected.mean[k - 1] == pytest.approx(fmean(max(subset) for subset in combinations(ACCURACIES, k)))


def test_band_holds_the_quantiles_of_the_best_of_k():
    bests = sorted(max(subset) for subset in combinations(ACCURACIES, 2))
    expected = expected_best(ACCURACIES)
    for bound, share in ((expected.low[1], 0.05), (expected.high[1], 0.95)):
        assert bound == bests[int(np.ceil(share * len(bests) - 1e-9)) - 1]


def test_expected_best_rises_to_the_best_of_all():
    expected = expected_best(ACCURACIES)
    assert (np.diff(expected.mean) >= 0).all()
    assert expected.mean[-1] == expected.low[-1] == expected.high[-1] == 0.9


def test_many_trials_do_not_overflow():
    values = np.random.default_rng(0).random(1_000)
    expected = expected_best(values)
    assert np.isfinite(expected.mean).all()
    assert expected.mean[0] == pytest.approx(values.mean())


def test_expected_in_time_is_the_mean_over_orders():
    """With equal seconds per trial, a time is a number of trials."""
    accuracies, seconds = ACCURACIES[:4], np.array([1.0, 1.0, 1.0, 1.0])
    expected = expected_in_time(accuracies, seconds)
    budget = int(np.searchsorted(expected.budgets, 2.0))
    orders = [max(order[: int(expected.budgets[budget])]) for order in permutations(accuracies)]
    assert expected.mean[budget] == pytest.approx(fmean(orders), abs=0.003)


def test_a_slow_trial_delays_what_follows():
    accuracies, seconds = np.array([0.9, 0.5, 0.5]), np.array([100.0, 1.0, 1.0])
    expected = expected_in_time(accuracies, seconds)
    assert expected.budgets[0] == 100
    assert expected.mean[0] < 0.9
    assert expected.mean[-1] == pytest.approx(0.9)
