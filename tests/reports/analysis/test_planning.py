import numpy as np
import pytest

from reports.analysis.comparisons import contrast
from reports.analysis.estimates import Clusters
from reports.analysis.planning import CORRELATION, Plan, mcnemar_detectable, observed_correlation


def films(count, size):
    return Clusters(np.repeat(np.arange(count), size), count)


def test_more_rows_see_more_and_more_comparisons_see_less():
    assert Plan(10_000).detectable < Plan(2_500).detectable
    assert Plan(2_500, comparisons=10).detectable > Plan(2_500).detectable
    assert Plan(2_500, trainings=5).detectable < Plan(2_500, trainings=3).detectable


def test_one_training_is_said_to_be_one():
    assert "one training says nothing about the next" in Plan(2_500).sentence
    assert "1.58 points" in Plan(2_500).sentence


def test_repeats_are_limited_by_the_spread_of_trainings_not_by_rows():
    assert Plan(10**6, trainings=3, deviation=0.004).detectable > 0.01


def test_connor_s_formula():
    assert mcnemar_detectable(0.1, 1000, 0.05) == pytest.approx(0.028, abs=5e-4)


def test_rows_in_groups_are_rows_with_a_design_effect():
    """As many rows as 25,000 reviews of 3,571 films detect a little less than independent ones, not as few as films."""
    grouped, alone = Plan(25_000, clusters=films(3_571, 7)), Plan(25_000)
    assert grouped.design_effect == pytest.approx(1 + 6 * CORRELATION)
    assert grouped.detectable == pytest.approx(np.sqrt(grouped.design_effect) * alone.detectable, rel=0.01)
    assert "25,000 test rows in 3,571 groups" in grouped.sentence
    assert "(assumed; design effect 1.30)" in grouped.sentence
    assert Plan(25_000, clusters=films(3_571, 7), correlation=0.0).detectable == pytest.approx(
        alone.detectable, rel=0.001
    )


def test_few_groups_detect_less_and_are_not_robust():
    few = Plan(200, clusters=films(7, 29), correlation=0.0)
    assert few.detectable / Plan(200).detectable == pytest.approx((2.447 + 0.906) / (1.960 + 0.842), abs=0.001)
    assert "with fewer than 10 groups no interval is cluster-robust" in few.sentence
    assert "no interval" not in Plan(200, clusters=films(10, 20)).sentence


def test_the_correlation_of_earlier_results_is_that_of_the_differences(make_evidence):
    generator = np.random.default_rng(5)
    codes = np.repeat(np.arange(400), 5)
    shared = [np.repeat(generator.normal(size=400), 5) for _ in range(2)]
    rights = [film + 0.5 * generator.normal(size=2000) > -1 for film in shared]
    first, second = (make_evidence(right, model=f"m{n}", groups=codes) for n, right in enumerate(rights))
    found = observed_correlation([first, second])
    own = rights[0].astype(float) - rights[1]
    squares = (own - own.mean()).reshape(400, 5)
    pairs = (squares.sum(axis=1) ** 2 - (squares**2).sum(axis=1)).sum() / (5 * 4 * 400)
    assert found == pytest.approx(pairs / squares.var(), abs=0.01)
    plan = Plan(2000, clusters=first.rows.clusters, correlation=found)
    assert plan.design_effect == pytest.approx(contrast(first, second).estimate.design_effect)
    assert f"a correlation of {found:.2g} (earlier results; " in plan.sentence


def test_without_groups_or_a_second_model_no_correlation_is_observed(make_evidence):
    right = np.random.default_rng(0).random(100) < 0.8
    assert observed_correlation([make_evidence(right), make_evidence(~right)]) is None
    assert observed_correlation([make_evidence(right, groups=np.arange(100) // 10)]) is None
    assert observed_correlation([]) is None


def test_a_difference_beyond_the_assumed_disagreement_is_all_the_disagreement():
    assert "if they disagree on 8 % of the rows" in Plan(2_500).sentence
    assert Plan(50).detectable > 0.08
    assert "if they disagree on these rows alone" in Plan(50).sentence
