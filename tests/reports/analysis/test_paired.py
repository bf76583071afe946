import numpy as np
import pytest
from scipy import stats

from reports.analysis.paired import difference_interval, mid_p


def test_mid_p_is_the_exact_p_value_less_half_the_point_probability():
    """Fagerland et al. 2013, first example: 1 and 7 discordant pairs give exact p 0.070 and mid-p 0.039."""
    exact = stats.binomtest(1, 8, 0.5).pvalue
    assert exact == pytest.approx(0.0703, abs=1e-4)
    assert mid_p(1, 7) == pytest.approx(exact - stats.binom.pmf(1, 8, 0.5))
    assert mid_p(1, 7) == pytest.approx(0.0391, abs=1e-4)


def test_no_disagreement_and_balanced_disagreement_say_nothing():
    assert mid_p(0, 0) == 1
    assert mid_p(5, 5) == pytest.approx(1)


def test_mid_p_is_symmetric_and_works_on_arrays():
    assert np.array_equal(mid_p([3, 40], [9, 20]), mid_p([9, 20], [3, 40]))


def test_difference_interval_has_one_pseudo_row_in_each_discordant_cell():
    low, high = difference_interval(30, 20, 998, 0.05)
    error = np.sqrt((0.031 + 0.021 - 0.01**2) / 1000)
    assert (low, high) == pytest.approx((0.01 - 1.959964 * error, 0.01 + 1.959964 * error))
