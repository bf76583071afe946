import numpy as np
import pytest

from reports.analysis.percentiles import bound_index, percentile, readings_needed


@pytest.mark.parametrize(("share", "needed"), [(0.99, 299), (0.95, 59), (0.5, 5)])
def test_readings_needed(share, needed):
    assert readings_needed(share) == needed
    assert bound_index(needed - 1, share) is None
    assert bound_index(needed, share) == needed - 1


def test_too_few_readings_show_no_percentile():
    found = percentile(np.linspace(1, 2, 100), 0.99)
    assert np.isnan(found.value)
    assert np.isnan(found.bound)
    assert found.needed == 299


def test_bound_is_above_the_percentile():
    found = percentile(np.arange(1000.0), 0.95)
    assert found.value == pytest.approx(949.05)
    assert 950 < found.bound < 970


def test_bound_holds_as_often_as_it_says():
    generator = np.random.default_rng(0)
    bounds = [percentile(generator.exponential(size=400), 0.99).bound for _ in range(500)]
    assert np.mean(np.array(bounds) >= -np.log(0.01)) >= 0.93
