"""The risk-coverage curve, and what can be labelled automatically."""

from types import SimpleNamespace

import numpy as np
import pytest

from reports.analysis.evidence import gather
from reports.analysis.results import read_results
from reports.analysis.selective import WANTED, _bounded, area_under_risk_coverage, risk_coverage, selections

CE = {("tfidf_logreg", "ce"): 0.84, ("distilbert", "ce"): 0.9}


def drawn(rows, seed=0):
    generator = np.random.default_rng(seed)
    confidence = generator.uniform(0.5, 1.0, rows)
    return confidence, generator.random(rows) < confidence


def test_the_curve_is_the_error_rate_of_the_surest():
    confidence, right = np.array([0.6, 0.9, 0.8, 0.7]), np.array([False, True, True, False])
    np.testing.assert_allclose(risk_coverage(confidence, right), [0, 0, 1 / 3, 1 / 2])


def test_rows_of_the_same_confidence_have_no_order():
    confidence = np.array([0.9, 0.9, 0.5])
    for right in ([True, False, True], [False, True, True]):
        np.testing.assert_allclose(risk_coverage(confidence, np.array(right)), [1 / 2, 1 / 2, 1 / 3])


def test_the_influence_on_the_area_is_the_jackknife_s():
    confidence, right = drawn(300)
    area, influence = area_under_risk_coverage(confidence, right)
    assert influence.sum() == pytest.approx(0, abs=1e-12)
    left = [area_under_risk_coverage(*(a[np.arange(300) != row] for a in (confidence, right)))[0] for row in range(300)]
    np.testing.assert_allclose(influence, (area - np.array(left)) * 299 / 300, rtol=0.25, atol=3e-4)


def test_the_interval_of_the_area_has_the_spread_of_new_test_rows():
    areas, errors = [], []
    for seed in range(1_000):
        area, influence = area_under_risk_coverage(*drawn(1_000, seed))
        areas.append(area)
        errors.append(np.sqrt((influence**2).sum()))
    assert np.mean(errors) == pytest.approx(np.std(areas), rel=0.1)


@pytest.fixture
def results(write_results, tmp_path):
    write_results(tmp_path / "r", CE, test_rows=2_000, group_size=4)
    return read_results(tmp_path / "r")


def test_a_share_is_labelled_automatically_at_the_wanted_accuracy(results):
    for one in selections(gather(results), results):
        assert [own.wanted for own in one.automatic] == list(WANTED)
        assert one.area.interval.low < one.area.value < one.area.interval.high
        assert one.errors[-1] == pytest.approx(1 - one.evidence.accuracy.values.mean())
        assert list(one.errors) == sorted(one.errors)
        at_98 = one.automatic[1]
        assert 0 < at_98.share_low < at_98.share < 1
        assert at_98.kept
        assert at_98.accuracy_low <= at_98.accuracy
    assert selections(gather(results), results)[0].automatic[2].share == 0  # 400 validation rows do not show 99 %


def test_the_surer_of_two_models_has_the_smaller_area(results):
    areas = [one.area.value for one in selections(gather(results), results)]
    assert areas == sorted(areas, reverse=True)  # tfidf_logreg, then distilbert


def test_bounds_are_lower_with_fewer_rows(write_results, tmp_path):
    found = []
    for rows in (300, 3_000):
        write_results(tmp_path / str(rows), CE, test_rows=rows, seeds=(1,))
        results = read_results(tmp_path / str(rows))
        found.append(selections(gather(results), results)[1].automatic[1])
    few, many = found
    assert few.share - few.share_low > 2 * (many.share - many.share_low)
    assert few.accuracy_low < many.accuracy_low


def test_results_without_calibration_have_a_curve_and_no_thresholds(write_results, tmp_path):
    write_results(tmp_path / "old", CE, calibrated=False)
    results = read_results(tmp_path / "old")
    for one in selections(gather(results), results):
        assert one.automatic == ()
        assert one.area.value > 0


def test_few_groups_bound_what_is_labelled_less_tightly(write_results, tmp_path):
    """The rows of each of 8 groups are no more alike than others, but nobody knows that from 8 groups."""
    bounds = {}
    for size in (0, 250):
        write_results(tmp_path / str(size), CE, test_rows=2_000, group_size=size, seeds=(1,))
        results = read_results(tmp_path / str(size))
        bounds[size] = [
            (one.automatic[0].share_low, one.automatic[0].accuracy_low) for one in selections(gather(results), results)
        ]
    for (share, accuracy), (few_share, few_accuracy) in zip(bounds[0], bounds[250], strict=True):
        assert few_share < share
        assert few_accuracy < accuracy


INDEPENDENT = SimpleNamespace(rows=SimpleNamespace(clusters=None))


def test_a_training_that_answers_nothing_leaves_the_accuracy_to_the_others():
    whole = np.zeros((2, 1_000))
    whole[0, :500] = 1
    part = whole.copy()
    part[0, :50] = 0
    value, low = _bounded(INDEPENDENT, part, whole)
    assert value == pytest.approx(0.9)
    assert 0 < low < 0.88
    assert np.isnan(_bounded(INDEPENDENT, part[1:], whole[1:])[0])


@pytest.mark.parametrize("trainings", [2, 3])
def test_the_bound_over_few_trainings_is_rarely_above_the_truth(trainings):
    """Trainings differ by a point; the bound may be above the truth in 5 of 100 cases."""
    above = 0
    for seed in range(1_000):
        generator = np.random.default_rng(seed)
        accuracies = 0.9 + 0.01 * generator.normal(size=(trainings, 1))
        part = (generator.random((trainings, 4_000)) < accuracies).astype(np.float64)
        above += _bounded(INDEPENDENT, part, np.ones_like(part))[1] > 0.9
    assert above < 70
