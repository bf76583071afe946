"""Which candidates are good enough."""

import numpy as np
import pytest
from scipy import stats

from reports.analysis.decision import Standing, decided, judge
from reports.analysis.estimands import Estimand
from reports.analysis.estimates import Figure, Interval
from reports.analysis.metric_figures import METRICS
from reports.certificate.worlds import World

GOOD, NOT_GOOD, UNDECIDED = Standing.GOOD_ENOUGH, Standing.NOT_GOOD_ENOUGH, Standing.UNDECIDED


def standings(world, accuracies, tolerance=0.01, seed=0):
    evidence = world.evidence(world.draw(np.random.default_rng(seed), accuracies))
    return [one.standing for one in judge(evidence, tolerance)]


def test_a_clear_case_is_decided():
    assert standings(World(25_000), [0.9, 0.9, 0.85]) == [GOOD, GOOD, NOT_GOOD]


def test_few_texts_leave_close_candidates_undecided():
    assert standings(World(300), [0.9, 0.895], seed=3) == [UNDECIDED, UNDECIDED]


def test_one_candidate_is_the_best():
    (own,) = judge(World(50).evidence(World(50).draw(np.random.default_rng(0), [0.7])), 0.01)
    assert (own.standing, own.behind) == (GOOD, Interval(0.0, 0.0))


def test_with_a_tolerance_of_zero_only_the_shown_best_is_good_enough():
    assert standings(World(10_000), [0.9, 0.87], tolerance=0.0) == [GOOD, NOT_GOOD]
    assert standings(World(10_000), [0.9, 0.9], tolerance=0.0) == [UNDECIDED, UNDECIDED]


def test_the_interval_does_not_depend_on_the_tolerance():
    world = World(2_000)
    evidence = world.evidence(world.draw(np.random.default_rng(1), [0.9, 0.88, 0.86]))
    strict, lax = judge(evidence, 0.0), judge(evidence, 0.05)
    assert [one.behind for one in strict] == [one.behind for one in lax]
    assert [decided(one.behind, 0.05) for one in strict] == [one.standing for one in lax]


def test_two_that_are_right_on_the_same_texts_are_not_told_apart():
    world = World(2_000)
    (right,) = world.draw(np.random.default_rng(0), [0.9])
    first, second = judge(world.evidence([right, right.copy()]), 0.01)
    assert first.standing is second.standing is GOOD
    assert first.difference == second.difference == 0


def test_no_difference_of_shares_is_larger_than_one():
    """Two trainings a side that disagree as much as shares can: t intervals reach far beyond."""
    world, rows = World(50), 50
    right = np.ones((2, rows), dtype=bool)
    evidence = world.evidence([right, right.copy()])
    apart = Figure(np.array([0.0, 1.0]), np.zeros((2, rows)), None, rows - 1.0)
    figures = {one.configuration.key: apart for one in evidence}

    def second(largest: float) -> float:
        return judge(evidence, 0.01, lambda one: figures[one.configuration.key], largest)[1].behind.low

    assert second(np.inf) < -1.5
    assert second(METRICS["macro_f1"].largest_difference) == -1.0
    assert METRICS["log_loss"].largest_difference == np.inf


def test_ten_texts_in_two_groups_bound_no_difference_beyond_one():
    world = World(10, group=5)
    right = [np.arange(10)[None] % 3 > 0, np.arange(10)[None] % 4 > 0]
    assert min(one.behind.low for one in judge(world.evidence(right), 0.01)) == -1.0


def test_every_comparison_with_a_control_has_dunnett_s_critical_value():
    """Four independent means: one-sided Dunnett with 3 comparisons, 2.06 standard errors (Dunnett 1955, table 1a)."""
    rows = 40_000
    generator = np.random.default_rng(0)
    values = np.array([0.5, 0.0, 0.0, 0.0])
    draws = generator.normal(size=(4, rows)) / rows
    draws -= draws.mean(axis=1, keepdims=True)
    world = World(rows)
    evidence = world.evidence(world.draw(generator, [0.9] * 4))
    figures = {
        one.configuration.key: Figure(values[[k]], draws[[k]], None, rows - 1.0) for k, one in enumerate(evidence)
    }
    judged = judge(evidence, 0.01, lambda one: figures[one.configuration.key])
    error = np.sqrt(2 / rows)
    assert -judged[1].behind.low == pytest.approx(0.5 + 2.06 * error, abs=0.03 * error)
    assert judged[0].behind == Interval(0.0, 0.0)
    assert stats.norm.isf(0.05) < 2.06  # a single comparison would need less


def test_the_texts_that_would_decide_mostly_do():
    accuracies = [0.9, 0.897]
    world = World(3_000)
    generator = np.random.default_rng(3)
    asked = []
    for _ in range(200):
        second = judge(world.evidence(world.draw(generator, accuracies)), 0.01)[1]
        if second.standing is UNDECIDED and second.needed and abs(second.difference + 0.003) < 0.0005:
            asked.append(second.needed.texts)
    larger = World(int(np.median(asked)))
    found = sum(judge(larger.evidence(larger.draw(generator, accuracies)), 0.01)[1].standing is GOOD for _ in range(60))
    assert 0.65 <= found / 60 <= 0.95


def test_candidates_that_never_disagree_ask_for_the_texts_that_decide():
    right = World(100).draw(np.random.default_rng(0), [0.8]) * 2
    _, second = judge(World(100).evidence(right), 0.01)
    assert (second.standing, second.needed.trainings) == (UNDECIDED, None)
    for texts, standing in ((second.needed.texts, GOOD), (second.needed.texts - 5, UNDECIDED)):
        more = [np.resize(own, (1, texts)) for own in right]
        assert judge(World(texts).evidence(more), 0.01)[1].standing is standing


def test_the_trainings_that_would_decide_mostly_do():
    """Two points apart, at a tolerance of one; each training differs by a point."""
    generator, accuracies = np.random.default_rng(4), [0.85, 0.83]
    asked = []
    for _ in range(100):
        world = World(20_000, 3, 1.0, estimand=Estimand.MODEL)
        second = judge(world.evidence(world.draw(generator, accuracies)), 0.01)[1]
        if second.needed and abs(second.difference + 0.02) < 0.003:
            asked.append(second.needed.trainings)
    more = World(20_000, int(np.median(asked)), 1.0, estimand=Estimand.MODEL)
    found = sum(judge(more.evidence(more.draw(generator, accuracies)), 0.01)[1].standing is NOT_GOOD for _ in range(60))
    assert 0.6 <= found / 60 <= 0.97


def test_few_trainings_are_not_said_to_be_nearly_enough():
    """Four candidates in three trainings, the last of which vary much: Student's quantile, not the normal one."""
    generator, world = np.random.default_rng(5), World(1_000, 3, 2.0, estimand=Estimand.MODEL)
    last = [judge(world.evidence(world.draw(generator, [0.85, 0.85, 0.85, 0.83])), 0.01)[3] for _ in range(60)]
    needed = [one.needed.texts for one in last if one.standing is UNDECIDED and one.needed]
    assert sum(texts is not None and texts < 1_005 for texts in needed) <= 0.15 * len(needed)


def test_trainings_that_vary_ask_for_more_trainings():
    world = World(20_000, 3, 0.8, estimand=Estimand.MODEL)
    evidence = world.evidence(world.draw(np.random.default_rng(5), [0.9, 0.9, 0.88]))
    needed = [one.needed for one in judge(evidence, 0.012) if one.needed]
    assert needed
    assert any(one.trainings is not None and one.trainings > 3 for one in needed)


def test_one_training_names_no_number_of_trainings():
    world = World(300)
    for one in judge(world.evidence(world.draw(np.random.default_rng(3), [0.9, 0.895])), 0.01):
        assert one.needed.trainings is None
        assert one.needed.texts > 300


def test_rows_of_films_that_are_right_together_count_less():
    grouped, alone = World(4_000, group=20), World(4_000)
    films = np.repeat(np.random.default_rng(0).random((2, 200)) < 0.9, 20, axis=1)
    together, apart = (judge(world.evidence(list(films[:, None])), 0.01)[0] for world in (grouped, alone))
    reach = [one.difference - one.behind.low for one in (together, apart)]
    assert reach[0] == pytest.approx(np.sqrt(20) * reach[1], rel=0.05)
