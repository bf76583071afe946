import numpy as np
import pytest

from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse

SIZES = (500, 2000, 8000)


def shares(model, *values):
    return {(model, "ce", str(size)): value for size, value in zip(SIZES, values, strict=False)}


@pytest.fixture
def crossings(write_results, tmp_path):
    def crossings_of(tfidf, lstm, **options):
        accuracy = shares("tfidf_logreg", *tfidf) | shares("lstm", *lstm)
        write_results(tmp_path, accuracy, train_sizes=SIZES, test_rows=2000, **options)
        return analyse(read_results(tmp_path)).crossings

    return crossings_of


def test_the_crossing_is_interpolated_over_the_logarithm(crossings):
    (found,) = crossings((0.80, 0.84, 0.85), (0.70, 0.80, 0.89))
    assert found.train_size == pytest.approx(np.exp((np.log(2000) + np.log(8000)) / 2), rel=1e-6)
    assert (found.cheaper.model, found.costlier.model) == ("tfidf_logreg", "lstm")
    assert found.sentence == "lstm overtakes tfidf_logreg at about 4,000 training reviews."


def test_no_crossing_is_said_to_lie_outside(crossings):
    (found,) = crossings((0.80, 0.84, 0.89), (0.70, 0.75, 0.80))
    assert found.train_size is None
    assert found.sentence == "lstm overtakes tfidf_logreg not within the sizes run (500 to 8,000 reviews)."


def test_a_model_that_is_always_ahead(crossings):
    (found,) = crossings((0.70, 0.75, 0.80), (0.80, 0.84, 0.89))
    assert found.train_size == 500
    assert found.sentence == "lstm is never behind tfidf_logreg from 500 to 8,000 training reviews."


def test_a_lead_that_may_be_chance_is_doubted(crossings):
    (found,) = crossings((0.80, 0.84, 0.85), (0.70, 0.80, 0.851))
    assert not found.told_apart
    assert found.sentence.endswith(", but at 8,000 the two cannot be told apart.")


def test_the_last_overtaking_counts(crossings):
    (found,) = crossings((0.70, 0.84, 0.80), (0.75, 0.80, 0.84))
    assert found.train_size == pytest.approx(4000)


def test_one_common_size_is_no_curve(crossings):
    assert crossings((0.80, 0.84, 0.85), (0.70,)) == ()


def test_curves_hold_every_size(write_results, tmp_path):
    write_results(tmp_path, shares("lstm", 0.7, 0.8, 0.9), train_sizes=SIZES)
    (curve,) = analyse(read_results(tmp_path)).learning_curves
    assert curve.sizes == SIZES
    assert [point.value for point in curve.points] == pytest.approx([0.7, 0.8, 0.9])
    assert curve.fit_seconds == pytest.approx([3.06, 12.24, 48.96])
