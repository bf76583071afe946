import numpy as np
import pytest

from reports.analysis.calibration_error import Bins, bins, calibration_error
from reports.analysis.estimates import Clusters


def rows(size, gap, seed=0):
    generator = np.random.default_rng(seed)
    confidence = generator.uniform(0.6, 0.95, size)
    return confidence, generator.random(size) < confidence - gap


def test_bins_hold_the_plain_error():
    found = bins(np.array([0.9, 0.9, 0.9, 0.6]), np.array([True, True, False, False]))
    assert found.weights[[8, 13]] == pytest.approx([0.25, 0.75])
    assert found.gaps[[8, 13]] == pytest.approx([-0.6, 2 / 3 - 0.9])
    assert found.weights.sum() == 1
    assert np.count_nonzero(found.errors) == 2  # of empty bins there is nothing to know
    assert calibration_error([found]).plain == pytest.approx(0.25 * 0.6 + 0.75 * (0.9 - 2 / 3))


def test_perfect_calibration_is_not_shown_to_be_off():
    found = [calibration_error([bins(*rows(2000, 0.0, seed))]) for seed in range(200)]
    assert np.mean([one.shown for one in found]) < 0.1
    assert np.mean([one.interval.low == 0 for one in found]) > 0.9
    assert np.mean([one.value for one in found]) < 0.7 * np.mean([one.plain for one in found])


def test_a_large_error_is_found_with_its_size():
    found = calibration_error([bins(*rows(5000, 0.08))])
    assert found.shown
    assert found.interval.low < 0.08 < found.interval.high
    assert found.value == pytest.approx(0.08, abs=0.02)


def test_spread_between_trainings_widens_the_interval():
    alike = calibration_error([bins(*rows(2000, 0.05))] * 3)
    apart = calibration_error([bins(*rows(2000, gap)) for gap in (0.01, 0.05, 0.09)])
    assert apart.interval.high - apart.interval.low > alike.interval.high - alike.interval.low


def test_the_same_rows_give_the_same_figures():
    assert calibration_error([bins(*rows(500, 0.1))]) == calibration_error([bins(*rows(500, 0.1))])


def test_rows_in_groups_are_not_shown_to_be_off_more_often_and_bins_move_with_their_groups():
    """Fifty groups of forty rows, all of a group right or wrong together in half of the cases."""
    clusters = Clusters.of(np.repeat(np.arange(50), 40))
    shown = {"rows": 0, "groups": 0}
    for seed in range(200):
        generator = np.random.default_rng(seed)
        confidence = generator.uniform(0.6, 0.95, 2_000)
        own, shared = generator.random(2_000), generator.random(50).repeat(40)
        right = np.where(generator.random(2_000) < 0.5, own, shared) < confidence
        shown["rows"] += calibration_error([bins(confidence, right)]).shown
        shown["groups"] += calibration_error([bins(confidence, right, clusters)]).shown
    assert shown["rows"] > 40
    assert shown["groups"] < 20


def test_groups_of_unrelated_rows_change_little():
    confidence, right = rows(5_000, 0.08)
    alone = calibration_error([bins(confidence, right)])
    grouped = calibration_error([bins(confidence, right, Clusters.of(np.arange(5_000) // 10))])
    assert grouped.value == pytest.approx(alone.value, abs=0.004)
    assert grouped.interval == pytest.approx(alone.interval, abs=0.01)


def test_one_group_and_bins_of_one_row_have_figures():
    confidence, right = rows(30, 0.05)
    for groups in (np.zeros(30, dtype=int), np.arange(30) // 2):
        found = calibration_error([bins(confidence, right, Clusters.of(groups))])
        assert np.isfinite([found.value, *found.interval, found.null]).all()


def test_a_bin_without_noise_has_no_bias():
    certain = Bins(np.ones(1), np.array([-0.1]), np.zeros(1), np.zeros(1))
    assert calibration_error([certain]).value == pytest.approx(0.1)
