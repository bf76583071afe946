import numpy as np
import pytest
from scipy import stats

from reports.analysis.rate_ratios import rank_ranges, ratio, ratios, timing


def processes(centre, count, spread=0.03, seed=0):
    """Five readings in each of several processes."""
    generator = np.random.default_rng(seed)
    return timing(
        [centre * np.exp(spread * generator.normal() + 0.01 * generator.normal(size=5)) for _ in range(count)]
    )


def test_interval_is_welch_s_over_processes():
    first, second = processes(2.0, 5), processes(1.0, 7, seed=1)
    found = ratio(first, second)
    expected = stats.ttest_ind(first.logs, second.logs, equal_var=False).confidence_interval(0.95)
    assert np.log(found.interval) == pytest.approx([expected.low, expected.high])
    assert found.value == pytest.approx(np.exp(first.logs.mean() - second.logs.mean()))
    assert found.above
    assert found.readings == (25, 35)


def test_readings_do_not_replace_processes():
    found = ratio(timing([np.full(1000, 2.0)]), timing([np.full(1000, 1.0)] * 6))
    assert found.interval is None
    assert not found.above
    assert found.range == (2, 2)
    assert found.processes == 1


def test_few_processes_give_a_range():
    found = ratio(timing([[2.0], [3.0]]), timing([[1.0], [0.5]]))
    assert found.interval is None
    assert found.range == pytest.approx((2.0, 6.0))


def test_standard_error_is_that_of_a_bootstrap_over_processes_then_readings():
    generator = np.random.default_rng(3)
    readings = np.exp(0.1 * generator.normal(size=(30, 1)) + 0.02 * generator.normal(size=(30, 15)))
    means = []
    for _ in range(1000):
        own = readings[generator.integers(0, 30, 30)]
        again = np.take_along_axis(own, generator.integers(0, 15, own.shape), axis=1)
        means.append(np.log(np.median(again, axis=1)).mean())
    closed = timing(list(readings)).logs.std(ddof=1) / 30**0.5
    assert np.std(means) == pytest.approx(closed, rel=0.1)


def test_more_ratios_at_once_have_wider_intervals():
    pair = processes(2.0, 5), processes(1.0, 5, seed=1)
    alone, together = ratios([pair])[0], ratios([pair] * 40)[0]
    assert together.interval.low < alone.interval.low
    assert together.interval.high > alone.interval.high


def test_ranks_are_the_places_that_the_intervals_leave():
    found = rank_ranges([processes(1.0, 6), processes(3.0, 6, seed=1), processes(1.0, 6, seed=2)])
    assert [(rank.first, rank.last) for rank in found] == [(2, 3), (1, 1), (2, 3)]


def test_a_single_process_supports_no_rank_of_its_own_nor_of_others():
    found = rank_ranges([timing([[1.0]]), processes(3.0, 6, seed=1), processes(1.0, 6, seed=2)])
    assert found[0] is None
    assert (found[1].first, found[1].last) == (1, 2)
    assert (found[2].first, found[2].last) == (2, 3)


def test_processes_of_one_cell_are_a_unit_each():
    one = timing([[1.0], [1.1], [0.9], [1.0], [1.05]], [0] * 5)
    assert one.mean == timing([[1.0], [1.1], [0.9], [1.0], [1.05]]).mean
    assert one.mean.degrees == 4


def test_cells_that_differ_by_more_than_their_processes_are_the_unit():
    seeds = timing([[1.0], [1.01], [2.0], [2.01], [4.0], [4.01]], [0, 0, 1, 1, 2, 2])
    assert seeds.mean.degrees == 2
    assert seeds.mean.error > 2 * timing([[1.0], [1.01], [2.0], [2.01], [4.0], [4.01]]).mean.error / 1.5


def test_cells_that_do_not_differ_lend_their_processes():
    alike = timing([[1.0], [1.1], [1.1], [1.0], [1.05], [1.02]], [0, 0, 1, 1, 2, 2])
    assert alike.mean.degrees == 5


def test_nothing_timed():
    assert np.isnan(timing([]).median)
    assert np.isnan(timing([]).range.low)
