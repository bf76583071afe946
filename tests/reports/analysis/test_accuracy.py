import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from reports.analysis.accuracy import accuracy
from reports.analysis.estimands import Estimand


def rows(*counts):
    """Whether each row is right: so many right, then so many wrong, and so on in turn."""
    return np.repeat([i % 2 == 0 for i in range(len(counts))], counts)


def test_one_training_has_wilson_s_interval(make_evidence):
    found = accuracy(make_evidence(rows(90, 10)))
    assert found.value == 0.9
    assert found.interval == pytest.approx(proportion_confint(90, 100, method="wilson"))
    assert found.interval == pytest.approx((0.8256, 0.9448), abs=1e-4)  # as published calculators give it
    assert found.estimand is Estimand.TRAINING


@pytest.mark.parametrize("right", [0, 100])
def test_all_right_or_all_wrong_still_has_an_interval(make_evidence, right):
    found = accuracy(make_evidence(rows(right, 100 - right)))
    assert found.interval == pytest.approx(proportion_confint(right, 100, method="wilson"))


def test_several_trainings_stay_within_nought_and_one(make_evidence):
    found = accuracy(make_evidence([rows(20, 0), rows(19, 1), rows(18, 2)]))
    assert found.interval.high == 1.0
    assert found.value == pytest.approx(0.95)
    assert found.estimand is Estimand.SEEDS


def test_rows_in_groups_have_a_wider_interval(make_evidence):
    right = np.repeat(np.arange(100) % 10 != 0, 10)  # whole films right or wrong
    films = np.repeat(np.arange(100), 10)
    alone, together = accuracy(make_evidence(right)), accuracy(make_evidence(right, groups=films))
    assert together.value == alone.value
    wide, narrow = (one.interval.high - one.interval.low for one in (together, alone))
    assert wide == pytest.approx(np.sqrt(10) * narrow, rel=0.15)


@pytest.mark.parametrize("seed", range(30))
def test_few_groups_never_narrow_the_interval(make_evidence, seed):
    generator = np.random.default_rng(seed)
    right, films = generator.random(200) < 0.8, generator.integers(0, 7, 200)
    films = np.unique(films, return_inverse=True)[1]
    alone, together = accuracy(make_evidence(right)), accuracy(make_evidence(right, groups=films))
    assert together.interval.low <= alone.interval.low
    assert together.interval.high >= alone.interval.high


def test_a_model_below_the_majority_class_has_learnt_nothing(make_evidence):
    assert not accuracy(make_evidence(rows(52, 48))).learnt
    assert accuracy(make_evidence(rows(90, 10))).learnt
