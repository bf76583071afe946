import numpy as np
import pytest
from scipy import stats

from reports.analysis.growth import Order, exponent, lead


def test_exponent_has_student_s_interval():
    sizes, values = [100, 1000, 10_000, 100_000], [1.0, 9.0, 110.0, 900.0]
    found = exponent(sizes, values)
    fitted = stats.linregress(np.log(sizes), np.log(values))
    assert found.value == pytest.approx(fitted.slope)
    assert found.interval.high - found.value == pytest.approx(4.3027 * fitted.stderr, rel=1e-4)


@pytest.mark.parametrize(("sizes", "values"), [([10, 100], [1, 2]), ([10, 10, 10], [1, 2, 3])])
def test_exponent_needs_several_sizes(sizes, values):
    with pytest.raises(ValueError, match="3 readings"):
        exponent(sizes, values)


def test_crossing_lies_where_the_band_holds_zero():
    found = lead([100, 1000, 10_000], [-0.03, -0.02, 0.01], [-0.01, 0.02, 0.05])
    assert found.order is Order.CROSSES
    low, high = found.between
    assert low == pytest.approx(100 * 10 ** (1 / 3))
    assert high == pytest.approx(1000 * 10 ** (2 / 3))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        ([-0.03, -0.01], [0.01, 0.03], Order.UNSETTLED),
        ([-0.03, -0.01], [-0.01, 0.03], Order.UNSETTLED),  # behind at first, not shown to be ahead later
        ([0.01, 0.01], [0.03, 0.03], Order.AHEAD),
        ([-0.03, -0.03], [-0.01, -0.01], Order.BEHIND),
        ([0.01, -0.03], [0.03, -0.01], Order.UNSETTLED),  # overtaken, which is the other's crossing
    ],
)
def test_no_crossing_is_named_that_is_not_shown(low, high, expected):
    assert lead([100, 1000], low, high).order is expected
    assert lead([100, 1000], low, high).between is None
