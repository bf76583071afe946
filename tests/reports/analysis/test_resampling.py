import numpy as np
import pytest
from scipy import stats

from reports.analysis import resampling
from reports.analysis.resampling import RESAMPLES, Estimate, Statistic, estimate, resample_rows


def statistics(values):
    """A statistic for each simulation of `values` (simulations, S, N)."""
    simulations, seeds, size = values.shape
    resampled = resample_rows(values.reshape(-1, size).T).reshape(RESAMPLES, simulations, seeds) / size
    return [Statistic(values[i].mean(axis=1), resampled[:, i]) for i in range(simulations)]


def simulate(generator, simulations, seeds, rows, seed_spread, row_spread=1.0, own_spread=0.7, shift=0.0):
    """Rows right (simulations, S, N) of a probit model with effects of seed, row and their interaction."""
    latent = (
        seed_spread * generator.normal(size=(simulations, seeds, 1))
        + row_spread * generator.normal(size=(simulations, 1, rows))
        + own_spread * generator.normal(size=(simulations, seeds, rows))
    )
    spread = np.sqrt(seed_spread**2 + row_spread**2 + own_spread**2)
    return latent < stats.norm.ppf(0.85) * spread + shift


def test_resampled_sums_are_exact_whatever_the_chunks(monkeypatch):
    columns = np.random.default_rng(1).random((300, 4)) < 0.5
    whole = resample_rows(columns)
    monkeypatch.setattr(resampling, "CHUNK", 300 * 7)
    np.testing.assert_array_equal(resample_rows(columns), whole)


def test_resampled_sums_have_the_binomial_s_moments():
    size = 400
    sums = resample_rows(np.arange(size)[:, None] < 100)[:, 0]
    assert sums.mean() == pytest.approx(100, abs=1)
    assert sums.std() == pytest.approx(np.sqrt(size * 0.25 * 0.75), rel=0.06)


def test_the_resamples_are_the_same_each_time():
    columns = np.arange(50)[:, None] < 20
    np.testing.assert_array_equal(resample_rows(columns), resample_rows(columns))


def test_rows_are_paired():
    column = np.arange(200)[:, None] < 90
    first, second = (Statistic(np.array([0.45]), resample_rows(column) / 200) for _ in range(2))
    assert estimate(first, minus=second) == Estimate(0.0, 0.0, np.inf)


@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize(("seed_spread", "least"), [(0.0, 0.94), (0.1, 0.94), (0.4, 0.80)])
def test_the_interval_covers_the_truth(seeds, seed_spread, least):
    """Nearly always where seeds matter less than rows or as much (0.1); with two or three seeds that differ by seven
    points each (0.4), no method can know their spread well.
    """
    generator = np.random.default_rng(7)
    values = simulate(generator, simulations=300, seeds=seeds, rows=400, seed_spread=seed_spread)
    covered = np.mean([low <= 0.85 <= high for low, high in (estimate(s).interval for s in statistics(values))])
    assert covered > least


@pytest.mark.parametrize("seed_spread", [0.0, 0.3])
def test_no_difference_is_seldom_significant(seed_spread):
    generator = np.random.default_rng(8)
    first, second = (statistics(simulate(generator, 300, 3, 400, seed_spread)) for _ in range(2))
    p_values = [estimate(a, minus=b).p_value for a, b in zip(first, second, strict=True)]
    assert np.mean(np.array(p_values) < 0.05) < 0.09


def test_one_seed_more_or_less_than_three_changes_the_variance_as_theory_says():
    """Seeds alone: the variance of the mean over S seeds is s^2 / S, which drawing S of S would understate."""
    observed = np.array([0.80, 0.84, 0.88])
    only_seeds = Statistic(observed, np.tile(observed, (RESAMPLES, 1)))
    found = estimate(only_seeds)
    assert found.standard_error == pytest.approx(observed.std(ddof=1) / np.sqrt(3), rel=0.05)
    assert found.degrees == pytest.approx(2, rel=0.2)


def test_a_seed_less_side_stands_for_all_seeds():
    several = Statistic(np.array([0.8, 0.9]), np.full((RESAMPLES, 2), 0.85))
    one = Statistic(np.array([0.7]), np.full((RESAMPLES, 1), 0.7))
    np.testing.assert_allclose((several - one).observed, [0.1, 0.2])


def test_estimates_know_student_s_t():
    estimated = Estimate(value=0.03, standard_error=0.01, degrees=2.0)
    low, high = estimated.interval
    assert (low, high) == pytest.approx((0.03 - 0.0430265, 0.03 + 0.0430265), abs=1e-6)
    assert estimated.p_value == pytest.approx(0.0954659, abs=1e-6)
    assert estimated.detectable(0.05) == pytest.approx(0.01 * (4.302653 + 1.060660), abs=1e-6)


def test_zero_in_every_resample_is_no_evidence():
    assert Estimate(0.0, 0.0, np.inf).p_value == 1.0
    assert Estimate(0.1, 0.0, np.inf).p_value == 0.0
