"""Tests over datasets: Demsar's worked example, hand-computed values, and what too few datasets leave open."""

import numpy as np
import pytest
from scipy import stats

from reports.analysis.rank_tests import (
    CERTAIN,
    cliques,
    critical_difference,
    rank_tests,
    ranks,
    signed_rank_posterior,
)

DEMSAR = np.array([
    [0.763, 0.768, 0.771, 0.798], [0.599, 0.591, 0.590, 0.569], [0.954, 0.971, 0.968, 0.967],
    [0.628, 0.661, 0.654, 0.657], [0.882, 0.888, 0.886, 0.898], [0.936, 0.931, 0.916, 0.931],
    [0.661, 0.668, 0.609, 0.685], [0.583, 0.583, 0.563, 0.625], [0.775, 0.838, 0.866, 0.875],
    [1.000, 1.000, 1.000, 1.000], [0.940, 0.962, 0.965, 0.962], [0.619, 0.666, 0.614, 0.669],
    [0.972, 0.981, 0.9751, 0.975], [0.957, 0.978, 0.946, 0.970],
])  # fmt: skip
"""Table 6 of Demsar (2006): four classifiers on 14 datasets."""


def test_ranks_and_critical_difference_are_those_of_the_worked_example():
    tests = rank_tests(DEMSAR, 0.01)
    np.testing.assert_allclose(tests.ranks, [3.143, 2.000, 2.893, 1.964], atol=5e-4)
    assert critical_difference(4, 14) == pytest.approx(1.25, abs=0.005)
    assert critical_difference(4, 14, alpha=0.10) == pytest.approx(1.12, abs=0.005)
    assert tests.friedman_p < 0.05


def test_ties_share_their_ranks():
    assert ranks(np.array([[0.5, 0.9, 0.5]])).tolist() == [[2.5, 1.0, 2.5]]


def test_pairs_have_holm_s_p_values():
    tests = rank_tests(DEMSAR, 0.01)
    raw = [stats.wilcoxon(DEMSAR[:, p.first], DEMSAR[:, p.second], zero_method="pratt").pvalue for p in tests.pairs]
    order = np.argsort(raw)
    expected = np.minimum(np.maximum.accumulate(np.array(raw)[order] * np.arange(6, 0, -1)), 1)
    np.testing.assert_allclose(np.array([p.p_adjusted for p in tests.pairs])[order], expected)


def test_a_pair_knows_the_direction_of_its_test_where_mean_ranks_have_another():
    """Ahead on eight of twelve datasets by little, behind on four by much."""
    few = np.column_stack([np.r_[np.full(8, 0.801), np.full(4, 0.6)], np.full(12, 0.8)])
    (pair,) = rank_tests(few, 0.01).pairs
    assert ranks(few).mean(axis=0)[0] < 1.5
    assert not pair.ahead
    (pair,) = rank_tests(few[:, ::-1], 0.01).pairs
    assert pair.ahead


def test_a_bar_joins_all_within_the_critical_difference_and_no_others():
    assert cliques([1.2, 2.0, 2.9, 3.9], 1.0) == [(0, 1), (1, 2)]
    assert cliques([1.0, 2.5], 1.0) == []
    assert cliques([3.0, 1.0, 1.5], 2.5) == [(1, 2, 0)]


@pytest.mark.parametrize("datasets", [2, 5])
def test_too_few_datasets_are_not_tested(datasets):
    tests = rank_tests(DEMSAR[:datasets], 0.01)
    assert not tests.enough
    assert tests.pairs == ()
    assert np.isnan([tests.friedman_p, tests.critical_difference]).all()


def test_two_contenders_have_a_signed_rank_test_alone():
    tests = rank_tests(DEMSAR[:, :2], 0.01)
    assert np.isnan([tests.friedman_p, tests.critical_difference]).all()
    assert len(tests.pairs) == 1


def test_contenders_that_never_differ_are_not_shown_to_differ():
    tests = rank_tests(np.full((6, 3), 0.8), 0.01)
    assert tests.friedman_p == 1.0
    assert all(pair.p_adjusted == 1.0 and pair.same > CERTAIN for pair in tests.pairs)


def test_the_posterior_is_symmetric_and_sees_the_region():
    far = np.linspace(0.03, 0.05, 10)
    assert signed_rank_posterior(far, 0.01)[0] > 0.99
    assert signed_rank_posterior(-far, 0.01)[2] > 0.99
    assert signed_rank_posterior(far / 20, 0.01)[1] > 0.99


def test_the_posterior_of_one_dataset_is_the_prior_s_against_it():
    # Weights (w0, w1) ~ Dirichlet(1/2, 1): better where w1^2 > w0^2 + 2 w0 w1, so where w1 > 1 / sqrt(2).
    expected = stats.beta(1, 0.5).sf(np.sqrt(0.5))
    assert signed_rank_posterior(np.array([0.015]), 0.01)[0] == pytest.approx(expected, abs=0.01)
