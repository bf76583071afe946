import numpy as np
import pandas as pd
import pytest

from benchmarks.store.results import StoreError
from reports.analysis.evidence import gather
from reports.analysis.resampling import RESAMPLES
from reports.analysis.results import read_results


def test_evidence_agrees_with_the_predictions(write_results, tmp_path):
    write_results(tmp_path, {("lstm", "ce"): 0.8, ("distilbert", "ce"): 0.9}, test_rows=400)
    results = read_results(tmp_path)
    for evidence in gather(results):
        assert evidence.correct.shape == (3, 400)
        np.testing.assert_allclose(evidence.accuracy.observed, evidence.correct.mean(axis=1))
        assert evidence.accuracy.resampled.shape == (RESAMPLES, 3)
        predictions = results.predictions(evidence.configuration.cells[0])
        edges = evidence.configuration.cells[0].length_edges
        short, long = predictions.lengths <= edges[0], predictions.lengths > edges[-1]
        assert evidence.buckets[0].observed[0] == pytest.approx(predictions.correct[short].mean())
        assert evidence.buckets[-1].observed[0] == pytest.approx(predictions.correct[long].mean())
        assert sum(evidence.bucket_rows) == 400
        assert evidence.bucket_rows[0] == short.sum()


def test_resampled_accuracies_centre_on_the_observed(write_results, tmp_path):
    write_results(tmp_path, {("lstm", "ce"): 0.8}, test_rows=400)
    (evidence,) = gather(read_results(tmp_path))
    for statistic in (evidence.accuracy, *evidence.buckets):
        np.testing.assert_allclose(statistic.resampled.mean(axis=0), statistic.observed, atol=0.005)


def test_a_bucket_without_rows_is_not_a_number(write_results, tmp_path):
    store = write_results(tmp_path, {("lstm", "ce"): 0.8}, seeds=(1,))
    (result,) = store.results()
    result.length_edges = [0.0, 10_000.0]
    store.write_result(result)
    (evidence,) = gather(read_results(tmp_path))
    assert evidence.bucket_rows == (0, 1000, 0)
    assert [np.isnan(bucket.observed[0]) for bucket in evidence.buckets] == [True, False, True]


def test_other_test_rows_are_refused(write_results, tmp_path):
    store = write_results(tmp_path, {("lstm", "ce"): 0.8}, seeds=(1, 2), test_rows=50)
    result, _ = store.results()
    predictions = store.read_predictions(result.spec.id)
    store.write_result(result, predictions.assign(row=predictions["row"] + 1))
    with pytest.raises(StoreError, match="not scored on the same test rows"):
        gather(read_results(tmp_path))


def test_the_order_of_the_rows_on_disk_does_not_matter(write_results, tmp_path):
    store = write_results(tmp_path, {("lstm", "ce"): 0.8}, seeds=(1, 2), test_rows=50)
    (before,) = gather(read_results(tmp_path))
    for result in store.results():
        predictions: pd.DataFrame = store.read_predictions(result.spec.id)
        store.write_result(result, predictions.sample(frac=1, random_state=0))
    (after,) = gather(read_results(tmp_path))
    np.testing.assert_array_equal(before.correct, after.correct)


def test_nothing_gives_nothing(write_results, tmp_path):
    write_results(tmp_path, {("lstm", "ce"): 0.8}, missing=[("lstm", "ce")])
    assert gather(read_results(tmp_path)) == ()
