"""Ranks by another metric: values of scikit-learn, intervals of a paired bootstrap, and the metric that leads."""

import json

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score

from reports.analysis.confusions import Confusions
from reports.analysis.estimates import Clusters
from reports.analysis.metric_comparisons import _p_value, _recounted, _weights, ranked
from reports.analysis.predictions import Predictions
from reports.analysis.results import read_results
from reports.analysis.run_analysis import analyse
from reports.render.class_tables import class_figures, metric_table, pairs_table, recall_table


def drawn(rows=300, classes=3, seed=0):
    generator = np.random.default_rng(seed)
    labels = generator.choice(classes, rows, p=[0.7, 0.2, 0.1])
    probabilities = generator.dirichlet(np.ones(classes), rows) + 0.6 * np.eye(classes)[labels]
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return Predictions(np.arange(rows), labels, np.ones(rows, dtype=np.int64), probabilities)


@pytest.mark.parametrize(
    ("metric", "theirs"),
    [("balanced_accuracy", balanced_accuracy_score), ("macro_f1", lambda *a, **k: f1_score(*a, average="macro", **k))],
)
def test_a_draw_is_the_metric_of_the_rows_as_drawn(metric, theirs):
    own = drawn()
    weights = np.random.default_rng(1).multinomial(300, np.full(300, 1 / 300), size=5).astype(float)
    found = _recounted(metric, own, np.ones(300, dtype=bool), weights)
    expected = [theirs(own.labels, own.predicted, sample_weight=one) for one in weights]
    np.testing.assert_allclose(found, expected)


def test_clusters_are_drawn_whole():
    codes = np.repeat([0, 1, 2], [2, 3, 5])
    weights = _weights(10, Clusters(codes, 3), 50, np.random.default_rng(0))
    for code in range(3):
        assert (weights[:, codes == code] == weights[:, codes == code][:, :1]).all()
    assert np.unique(weights[:, [0, 2, 5]].sum(axis=1)).tolist() == [3.0]


def test_the_p_value_counts_the_rarer_side_twice():
    assert _p_value(np.array([-1.0] * 98 + [1.0])) == pytest.approx(2 * 2 / 100)
    assert _p_value(np.zeros(9)) == 1.0


def unequal(folder, write_results, **options):
    """A run on data of which one class in ten is rare."""
    write_results(folder, **options)
    return read_results(folder)


def test_the_best_is_behind_itself_by_nothing_and_the_others_have_p_values(write_results, tmp_path):
    results = unequal(tmp_path, write_results, accuracy={("tfidf_logreg", "ce"): 0.6, ("lstm", "ce"): 0.9})
    analysis = analyse(results)
    best, other = ranked("macro_f1", analysis.evidence, results)
    assert best.evidence.configuration.model == "lstm"
    assert best.behind == (0.0, 0.0)
    assert np.isnan(best.p_adjusted)
    assert other.p_adjusted < 0.01
    assert other.behind.high < 0
    assert best.interval.low < best.value < best.interval.high


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
    behind = next(name for name in table if name.startswith("less the best"))
    assert table[behind][0] == "the best"
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
