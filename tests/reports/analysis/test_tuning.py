"""Searches for settings: estimators against brute force."""

from itertools import combinations, permutations
from statistics import fmean
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.schema.tuning import Trial
from reports.analysis.tuning import _search, expected_best, expected_in_time
from reports.render.tuning_tables import tuning_table

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


def cell(c, accuracy, metric):
    """A trial that was selected by another metric than accuracy."""
    spec = SimpleNamespace(model="nbsvm", loss="ce", train_size=500, model_params={"C": c})
    trial = Trial(accuracy=accuracy, log_loss=0.3, metric=metric)
    return SimpleNamespace(spec=spec, trial=trial, measurement=lambda phase: SimpleNamespace(seconds=[1.0]))


TRIALS = [cell(1.0, 0.90, -0.30), *(cell(c, 0.88 - c / 1e4, -0.2 - c / 100) for c in range(2, 30))]


def test_the_accuracy_shown_is_that_of_the_settings_chosen():
    found = _search(TRIALS, independent=True)
    assert found.settings == {"C": 2}
    (row,) = tuning_table([found]).to_dict("records")
    assert (row["defaults, validation %"], row["best, validation %"]) == ("90.0 %", "88.0 %")
    assert row["best settings"] == "C=2"


def test_settings_that_were_not_drawn_independently_tell_nothing_of_other_budgets():
    columns = [set(tuning_table([_search(TRIALS, independent=random)])) for random in (True, False)]
    assert {name.partition(" of ")[0] for name in columns[0] - columns[1]} == {"best"}
    assert columns[1] < columns[0]
