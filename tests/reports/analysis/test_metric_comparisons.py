"""Ranks by another metric, the intervals of the method that decides, and the metric that leads."""

import json

import numpy as np
import pytest

from reports.analysis.confusions import Confusions
from reports.analysis.metric_comparisons import ranked
from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse
from reports.render.class_tables import class_figures, metric_table, pairs_table, recall_table


def unequal(folder, write_results, **options):
    """A run on data of which one class in ten is rare."""
    write_results(folder, **options)
    return read_results(folder)


def test_the_best_may_be_behind_by_nothing_and_the_others_have_their_distance(write_results, tmp_path):
    results = unequal(tmp_path, write_results, accuracy={("tfidf_logreg", "ce"): 0.6, ("lstm", "ce"): 0.9})
    analysis = analyse(results)
    best, other = ranked("macro_f1", analysis.evidence, results)
    assert best.evidence.configuration.model == "lstm"
    assert best.behind == (0.0, 0.0)
    assert other.behind.low < other.value - best.value < other.behind.high < 0
    assert best.interval.low < best.value < best.interval.high <= 1


def test_models_that_are_alike_are_not_told_apart(write_results, tmp_path):
    results = unequal(tmp_path, write_results, accuracy={("tfidf_logreg", "ce"): 0.8, ("lstm", "ce"): 0.805})
    first, second = ranked("macro_f1", analyse(results).evidence, results)
    assert first.behind.low < 0 == first.behind.high
    assert second.behind.low < second.value - first.value < 0 == second.behind.high


def test_the_table_by_the_metric_agrees_with_the_decision(write_results, tmp_path):
    analysis = asked(unequal(tmp_path, write_results), metric="macro_f1")
    decided = {one.configuration.key: one for one in analysis.recommendation.candidates}
    for one in ranked("macro_f1", analysis.evidence, analysis.results):
        candidate = decided[one.evidence.configuration.key]
        assert (one.value, one.interval, one.behind) == (candidate.value, candidate.interval, candidate.judged.behind)


def test_accuracy_leads_where_classes_are_equal_and_no_table_repeats_it(write_results, tmp_path):
    analysis = analyse(unequal(tmp_path, write_results))
    assert analysis.leading.name == "accuracy"
    assert analysis.leading.warning == ""
    assert metric_table(analysis).empty


def asked(results, **changes):
    path = results.folder / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return analyse(read_results(results.folder))


@pytest.mark.parametrize("metric", ["macro_f1", "balanced_accuracy", "average_precision", "log_loss", "cost"])
def test_the_metric_asked_for_ranks_all_models_and_baselines(write_results, tmp_path, metric):
    results = unequal(tmp_path, write_results, seeds=(1,))
    analysis = asked(results, metric=metric, costs=[[0.0, 1.0], [5.0, 0.0]])
    table = metric_table(analysis)
    assert table["model"].tolist()[-2:] == ["(majority class)", "(stratified random)"]
    assert len(table) == len(analysis.evidence) + 2
    behind = next(name for name in table if name.startswith("difference to the best"))
    assert table[behind][0].lstrip("−+").startswith("0.00")
    if metric in {"macro_f1", "balanced_accuracy", "average_precision"}:
        assert analysis.recommendation.question.metric == metric


def test_confusions_by_hand():
    counts = np.array([[8, 2, 0], [5, 5, 0], [0, 0, 0]])
    own = Confusions(("a", "b", "c"), counts)
    np.testing.assert_allclose(own.recall, [0.8, 0.5, np.nan])
    np.testing.assert_allclose(own.precision, [8 / 13, 5 / 7, np.nan])
    np.testing.assert_allclose(own.f1, [16 / 23, 10 / 17, np.nan])
    assert own.pairs(5) == [(1, 0), (0, 1)]
    assert own.taken_for(2) is None


def test_each_class_has_its_recall_and_its_row_in_the_csv(write_results, tmp_path):
    analysis = analyse(unequal(tmp_path, write_results, seeds=(1, 2)))
    table = recall_table(analysis)
    assert table["class"].tolist() == ["negative", "positive"]
    figures = class_figures(analysis)
    assert len(figures) == 2 * len(analysis.evidence)
    assert figures.groupby(["model", "loss"])["test_rows"].sum().unique().tolist() == [1000]
    assert set(pairs_table(analysis)["label"]) == {"negative", "positive"}
