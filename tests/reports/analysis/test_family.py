import numpy as np
import pytest
from scipy import stats

from reports.analysis.family import (
    common_level,
    control_levels,
    correlation,
    family,
    null_p_values,
    sidak,
    step_down,
)


def independent(size, clusters=2000, seed=0):
    """K influences with unit norm that are nearly uncorrelated."""
    influences = np.random.default_rng(seed).normal(size=(size, clusters))
    return influences / np.linalg.norm(influences, axis=1, keepdims=True)


def test_one_test_is_left_as_it_is():
    found = family(np.array([0.03]), [np.ones(3)], np.array([1.0]))
    assert found.adjusted == pytest.approx([0.03])
    assert found.level == 0.05


def test_independent_tests_get_sidak_s_level():
    found = family(np.full(10, 0.5), independent(10), np.ones(10))
    assert found.level == pytest.approx(sidak(10), abs=0.001)


def test_tests_that_are_the_same_cost_nothing():
    same = [independent(1)[0]] * 10
    found = family(np.full(10, 0.03), same, np.ones(10))
    assert found.level == pytest.approx(0.05, abs=0.005)
    assert found.adjusted == pytest.approx(np.full(10, 0.03), abs=0.005)


def test_step_down_lies_between_bonferroni_and_the_raw_p_values():
    p = np.array([0.0005, 0.011, 0.02, 0.5])
    found = family(p, independent(4), np.ones(4)).adjusted
    assert (found >= p).all()
    assert (found <= np.minimum(4 * p, 1) + 0.005).all()
    assert np.all(np.diff(found) >= 0)  # keeps the order
    assert found[3] == pytest.approx(0.5, abs=0.02)  # the last step is a single test


def test_order_of_the_tests_does_not_matter():
    influences = independent(5)
    p = np.array([0.2, 0.01, 0.04, 0.001, 0.8])
    turned = [3, 0, 4, 1, 2]
    null = null_p_values(correlation(influences, np.ones(5)), np.zeros(5, dtype=bool))
    assert step_down(p, null)[turned] == pytest.approx(step_down(p[turned], null[:, turned]))


def test_trainings_count_as_independent_between_comparisons():
    shared = independent(1)[0]
    found = correlation([shared, shared], np.array([1.0, 2.0]))
    assert found[0, 1] == pytest.approx(0.5)
    assert np.diag(found) == pytest.approx([1, 1])


def test_one_sided_tests_look_at_one_tail():
    null = null_p_values(np.eye(1), np.array([True]))
    assert np.quantile(null, 0.05) == pytest.approx(0.05, abs=0.01)
    assert common_level(null_p_values(np.eye(2), np.array([True, False]))) == pytest.approx(sidak(2), abs=0.003)


def test_a_comparison_without_variance_does_not_break_the_others():
    found = family(np.array([1.0, 0.01]), [np.zeros(5), np.ones(5) / 5**0.5], np.array([0.0, 1.0]))
    assert np.isfinite(found.adjusted).all()
    assert stats.norm.isf(found.level / 2) < 2.3


def levels_one_by_one(influences, standard_errors):
    """The levels of `control_levels` from the correlation of each control's comparisons."""
    size = len(influences)
    found = []
    for control in range(size):
        others = [one for one in range(size) if one != control]
        differences = [influences[one] - influences[control] for one in others]
        null = null_p_values(correlation(differences, standard_errors[control, others]), np.ones(size - 1, dtype=bool))
        found.append(common_level(null))
    return np.array(found)


@pytest.mark.parametrize("trainings", [0.0, 1.5])
@pytest.mark.parametrize("size", [2, 3, 9])
def test_levels_of_controls_are_those_of_their_own_comparisons(size, trainings):
    influences = independent(size, seed=size) + 2 * independent(1, seed=99)
    influences[-1] = influences[0]  # two figures that never differ
    over_rows = np.array([[((a - b) ** 2).sum() for b in influences] for a in influences])
    errors = np.sqrt(over_rows * (1 + trainings))
    levels = control_levels(influences, over_rows, errors)
    assert levels == pytest.approx(levels_one_by_one(influences, errors), abs=0.0025)
    assert levels.max() <= 0.05
    if size > 2:
        assert levels.min() < 0.035
