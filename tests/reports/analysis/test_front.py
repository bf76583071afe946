"""The front of accuracy and cost, and the candidates that matter."""

import pytest

from reports.analysis.front import MOST_LEADING, front, leading
from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse


def test_the_front_is_what_no_other_beats_in_both():
    gains = [0.5, 0.8, 0.7, 0.9, 0.6]
    assert front([1, 2, 3, 4, 2], gains) == [0, 1, 3]
    assert front([-1, -2, -3, -4, -2], gains) == [3]


@pytest.fixture
def found(tmp_path, write_results):
    """Twelve models of which the slower are the more accurate, and a slow one that is the worst."""
    shares = {(f"model_{n}", "ce"): 0.8 + 0.01 * n for n in range(10)} | {("tfidf_logreg", "ce"): 0.7}
    write_results(tmp_path, shares, seeds=(1,))
    return analyse(read_results(tmp_path)).recommendation


def test_the_leading_candidates_hold_decision_best_and_cheapest(found):
    names = [one.name for one in leading(found)]
    assert len(names) == MOST_LEADING
    assert names[0] == found.candidates[0].name == "model_9"
    assert "tfidf_logreg" in names  # the cheapest, although the worst
    assert (found.chosen or found.not_ruled_out).name in names
    assert [found.candidates.index(one) for one in leading(found)] == sorted(
        map(found.candidates.index, leading(found))
    )
