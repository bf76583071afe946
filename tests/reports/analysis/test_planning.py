import pytest

from reports.analysis.planning import Plan, mcnemar_detectable


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
