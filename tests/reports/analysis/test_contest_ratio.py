"""The interval of a ratio covers the true one, and drift that meets both sides leaves it."""

import numpy as np
import pytest

from reports.analysis.contest_ratio import ratio_interval


def test_drift_of_the_machine_cancels_within_a_turn():
    low, high = ratio_interval([1.0, 2.0, 4.0], [3.0, 6.0, 12.0])
    assert (low, high) == pytest.approx((3.0, 3.0))


def test_the_interval_covers_in_19_of_20_contests():
    generator = np.random.default_rng(0)
    drawn = np.exp(generator.normal(0, 0.1, (2_000, 2, 3)))
    covered = [low <= 2 <= high for low, high in (ratio_interval(ours, 2 * theirs) for ours, theirs in drawn)]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.015)


def test_one_turn_has_no_interval():
    assert np.isnan(ratio_interval([1.0], [2.0])).all()
