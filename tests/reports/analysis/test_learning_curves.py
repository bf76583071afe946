import pytest

from reports.analysis.growth import Order
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


def test_a_crossing_is_an_interval(crossings):
    (found,) = crossings((0.80, 0.84, 0.85), (0.70, 0.80, 0.89))
    assert found.lead.order is Order.CROSSES
    low, high = found.lead.between
    assert 2000 < low < 4000 < high < 8000
    assert found.sentence.startswith(f"lstm overtakes tfidf_logreg between {low:,.0f} and {high:,.0f} training texts")
    assert "for these training rows, over seeds" in found.sentence


def test_no_crossing_is_named_that_is_not_shown(crossings):
    (found,) = crossings((0.80, 0.84, 0.85), (0.70, 0.80, 0.851))
    assert found.lead.order is Order.UNSETTLED
    assert found.sentence == "lstm is not shown to overtake tfidf_logreg from 500 to 8,000 training texts."


def test_a_model_that_is_behind_everywhere(crossings):
    (found,) = crossings((0.80, 0.84, 0.89), (0.70, 0.75, 0.80))
    assert "lstm is worse than tfidf_logreg at every size tested (500 to 8,000 training texts)" in found.sentence


def test_a_model_that_is_ahead_everywhere(crossings):
    (found,) = crossings((0.70, 0.75, 0.80), (0.80, 0.84, 0.89))
    assert "lstm is better than tfidf_logreg at every size tested (500 to 8,000 training texts)" in found.sentence


def test_models_that_learnt_nothing_do_not_cross(crossings):
    assert crossings((0.30, 0.40, 0.45), (0.20, 0.45, 0.40)) == ()


def test_one_common_size_is_no_curve(crossings):
    assert crossings((0.80, 0.84, 0.85), (0.70,)) == ()


def test_curves_hold_every_size(write_results, tmp_path):
    write_results(tmp_path, shares("lstm", 0.7, 0.8, 0.9), train_sizes=SIZES)
    (curve,) = analyse(read_results(tmp_path)).learning_curves
    assert curve.sizes == SIZES
    assert [point.value for point in curve.points] == pytest.approx([0.7, 0.8, 0.9])
