"""The cheapest candidate that is good enough and meets all."""

import pytest

from benchmarks.store.results import StoreError
from reports.analysis.decision import Standing
from reports.analysis.estimands import Estimand
from reports.analysis.price import Terms
from reports.analysis.recommendation import Question, recommend
from reports.analysis.requirements import Limits
from reports.analysis.results import read_results
from reports.render.candidates import caption
from reports.render.recommendation_words import decision, verdict

CE = {("tfidf_logreg", "ce"): 0.895, ("lstm", "ce"): 0.8, ("distilbert", "ce"): 0.9}


@pytest.fixture(scope="module")
def results(write_results, tmp_path_factory):
    folder = tmp_path_factory.mktemp("one")
    write_results(folder, CE, test_rows=4_000, model_noise=0.2)
    return read_results(folder)


def test_the_cheapest_good_one_is_chosen(results):
    found = recommend([results], Question(tolerance=0.02))
    assert found.chosen.name == "tfidf_logreg"
    assert [one.name for one in found.candidates] == ["distilbert[minilm]", "tfidf_logreg", "lstm"]
    assert found.candidates[2].judged.standing is Standing.NOT_GOOD_ENOUGH
    assert found.rows == 4_000
    assert found.estimand is Estimand.SEEDS


def test_mistakes_with_a_price_make_the_most_accurate_the_cheapest(results):
    dear = Terms(price_per_hour=1, texts_per_month=1e6, cost_per_error=1.0)
    assert recommend([results], Question(tolerance=0.02, terms=dear)).chosen.name == "distilbert[minilm]"


def test_what_misses_a_requirement_is_not_chosen(results):
    found = recommend([results], Question(tolerance=0.02, limits=Limits(max_fit=0.1)))
    assert found.chosen is None
    assert found.not_ruled_out is None
    assert all(not one.meets_all for one in found.candidates)


def test_an_undecided_requirement_leaves_a_candidate_possible(results):
    found = recommend([results], Question(tolerance=0.02, limits=Limits(max_p99_ms=20)))
    assert found.chosen is None
    assert found.not_ruled_out.name == "tfidf_logreg"


def test_no_candidate_that_learnt_nothing_is_recommended(write_results, tmp_path):
    write_results(tmp_path / "r", {("lstm", "ce"): 0.5, ("tfidf_logreg", "ce"): 0.49}, test_rows=400)
    found = recommend([read_results(tmp_path / "r")], Question(tolerance=0.5))
    assert found.chosen is None
    assert found.not_ruled_out is None


def test_no_candidate_that_is_no_better_than_a_drawn_class_is_recommended(write_results, tmp_path):
    """By macro-F1 the majority class has 33 % of two equal classes, and drawing one 50 %."""
    write_results(tmp_path / "r", {("lstm", "ce"): 0.5, ("tfidf_logreg", "ce"): 0.49}, test_rows=1_000)
    found = recommend([read_results(tmp_path / "r")], Question(metric="macro_f1", tolerance=0.5))
    assert found.chosen is None
    assert verdict(found.candidates[0], found) == "not shown to beat the baselines that learn nothing"
    assert decision(found) == "Take none: no candidate is shown to beat the baselines that learn nothing."


@pytest.mark.parametrize("metric", ["macro_f1", "balanced_accuracy", "log_loss"])
def test_another_metric_decides(results, metric):
    found = recommend([results], Question(metric=metric))
    assert found.candidates[0].name == "distilbert[minilm]"
    assert found.candidates[-1].judged.standing is Standing.NOT_GOOD_ENOUGH


def test_log_loss_needs_a_calibration(write_results, tmp_path):
    write_results(tmp_path / "r", CE, calibrated=False)
    with pytest.raises(StoreError, match="run the suite again"):
        recommend([read_results(tmp_path / "r")], Question(metric="log_loss"))
    assert recommend([read_results(tmp_path / "r")], Question()).candidates


def test_smaller_training_sizes_are_no_candidates(write_results, tmp_path):
    write_results(tmp_path / "r", CE, train_sizes=(500, 2000))
    found = recommend([read_results(tmp_path / "r")], Question())
    assert len(found.candidates) == found.left_out == 3


def test_a_model_that_ran_on_fewer_texts_is_a_candidate_with_its_size_in_its_name(write_results, tmp_path):
    accuracy = {("tfidf_logreg", "ce"): 0.84, ("distilbert", "ce"): 0.9}
    store = write_results(tmp_path / "r", accuracy, train_sizes=(500, 2000))
    gone = [cell.spec.id for cell in store.results() if (cell.spec.model, cell.spec.train_size) == ("distilbert", 2000)]
    run = store.read_run()
    store.write_run(run | {"planned": [cell for cell in run["planned"] if cell not in gone]})
    found = recommend([read_results(tmp_path / "r")], Question())
    assert [one.name for one in found.candidates] == ["distilbert[minilm], 500 texts", "tfidf_logreg, 2,000 texts"]
    assert found.left_out == 1
    assert "Training texts differ, 500 to 2,000: a candidate that had fewer might be ahead" in caption(found)


def test_what_learns_nothing_stands_under_the_table(results):
    labels = results.predictions(results.ok[0]).labels
    most = max(labels.mean(), 1 - labels.mean())
    alike = most**2 + (1 - most) ** 2
    said = f"Without learning: {100 * most:.1f} (majority class), {100 * alike:.1f} (stratified random)."
    assert said in caption(recommend([results], Question()))


def test_candidates_with_as_many_training_texts_are_not_said_to_differ(results):
    assert "Training texts" not in caption(recommend([results], Question()))


def test_candidates_of_several_runs_stand_together(write_results, results, tmp_path):
    accuracy = {("tfidf_logreg", "ce"): 0.88, ("lstm", "ce"): 0.85}
    write_results(tmp_path / "two", accuracy, test_rows=4_000, model_params={"lstm": [{"epochs": 9}]})
    found = recommend([results, read_results(tmp_path / "two")], Question())
    assert len(found.candidates) == len({one.name for one in found.candidates}) == 4  # tfidf_logreg is in both


def test_runs_on_other_rows_are_refused(write_results, results, tmp_path):
    write_results(tmp_path / "two", CE, test_rows=500)
    with pytest.raises(StoreError, match="not scored on the same test rows"):
        recommend([results, read_results(tmp_path / "two")], Question())


def test_a_run_without_a_good_cell_is_refused(write_results, tmp_path):
    write_results(tmp_path / "r", {("lstm", "ce"): 0.9}, failed={("lstm", "ce"): ("failed", "no luck")})
    with pytest.raises(StoreError, match="nothing to recommend"):
        recommend([read_results(tmp_path / "r")], Question())
