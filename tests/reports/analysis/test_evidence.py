import numpy as np
import pandas as pd
import pytest

from benchmarks.store.results import Store, StoreError
from reports.analysis.estimands import Estimand
from reports.analysis.evidence import gather
from reports.analysis.results import read_results


def test_evidence_agrees_with_the_predictions(write_results, tmp_path):
    write_results(tmp_path, {("lstm", "ce"): 0.8, ("distilbert", "ce"): 0.9}, test_rows=400)
    results = read_results(tmp_path)
    for evidence in gather(results):
        assert evidence.right.shape == (3, 400)
        np.testing.assert_allclose(evidence.accuracy.values, evidence.right.mean(axis=1))
        predictions = results.predictions(evidence.configuration.cells[0])
        edges = evidence.configuration.cells[0].length_edges
        short, long = predictions.lengths <= edges[0], predictions.lengths > edges[-1]
        assert evidence.within(0).values[0] == pytest.approx(predictions.correct[short].mean())
        assert evidence.within(-1).values[0] == pytest.approx(predictions.correct[long].mean())
        assert sum(evidence.bucket_rows) == 400
        assert evidence.bucket_rows[0] == short.sum()


def test_a_bucket_without_rows_is_not_a_number(write_results, tmp_path):
    store = write_results(tmp_path, {("lstm", "ce"): 0.8}, seeds=(1,))
    (result,) = store.results()
    result.length_edges = [0.0, 10_000.0]
    store.write_result(result)
    (evidence,) = gather(read_results(tmp_path))
    assert evidence.bucket_rows == (0, 1000, 0)
    assert [np.isnan(evidence.within(bucket).values[0]) for bucket in range(3)] == [True, False, True]


def test_other_test_rows_are_refused(write_results, tmp_path):
    store = write_results(tmp_path, {("lstm", "ce"): 0.8}, seeds=(1, 2), test_rows=50)
    result, _ = store.results()
    predictions = store.read_predictions(result.spec.id)
    store.write_result(result, predictions.assign(row=predictions["row"] + 1))
    with pytest.raises(StoreError, match="not scored on the same test rows"):
        gather(read_results(tmp_path))


def moved(store, cell, **changes):
    """Write a cell again under another specification, and plan that one too."""
    other = cell.model_copy(update={"spec": cell.spec.model_copy(update=changes)})
    store.write_result(other, store.read_predictions(cell.spec.id))
    run = store.read_run()
    store.write_run(run | {"planned": [*run["planned"], other.spec.id]})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"data_fingerprint": "cd" * 32}, "cells of different data cannot be compared"),
        ({"seed": 7, "code_version": "0.0.1"}, "differ in code_version"),
    ],
)
def test_cells_that_do_not_belong_together_are_refused_in_one_line(write_results, tmp_path, changes, said):
    store = write_results(tmp_path, {("lstm", "ce"): 0.8}, seeds=(1,), test_rows=50)
    moved(store, next(store.results()), **changes)
    with pytest.raises(StoreError, match=said) as raised:
        gather(read_results(tmp_path))
    assert "\n" not in str(raised.value)


def test_the_order_of_the_rows_on_disk_does_not_matter(write_results, tmp_path):
    store = write_results(tmp_path, {("lstm", "ce"): 0.8}, seeds=(1, 2), test_rows=50)
    (before,) = gather(read_results(tmp_path))
    for result in store.results():
        predictions: pd.DataFrame = store.read_predictions(result.spec.id)
        store.write_result(result, predictions.sample(frac=1, random_state=0))
    (after,) = gather(read_results(tmp_path))
    np.testing.assert_array_equal(before.right, after.right)


def test_nothing_gives_nothing(write_results, tmp_path):
    write_results(tmp_path, {("lstm", "ce"): 0.8}, missing=[("lstm", "ce")])
    assert gather(read_results(tmp_path)) == ()


def test_trainings_decide_the_estimand(write_results, tmp_path):
    found = {}
    for name, options in {"once": {"seeds": (1,)}, "seeds": {}, "repeats": {"repeats": 3}}.items():
        write_results(tmp_path / name, {("lstm", "ce"): 0.8, ("tfidf_logreg", "ce"): 0.8}, **options)
        found[name] = [(e.estimand, len(e.right)) for e in gather(read_results(tmp_path / name))]
    assert found == {
        "once": [(Estimand.TRAINING, 1), (Estimand.TRAINING, 1)],
        "seeds": [(Estimand.SEEDS, 3), (Estimand.SEEDS, 1)],  # the second is deterministic
        "repeats": [(Estimand.MODEL, 3), (Estimand.MODEL, 3)],
    }


@pytest.mark.parametrize(
    ("pool", "claim"), [(4000, Estimand.MODEL), (3999, Estimand.OVERLAPPING), (2000, Estimand.SEEDS)]
)
def test_repeats_that_share_most_training_rows_are_no_claim_about_the_model(write_results, tmp_path, pool, claim):
    write_results(tmp_path, {("lstm", "ce"): 0.8}, repeats=3, redrawn_from=pool)
    results = read_results(tmp_path)
    (evidence,) = gather(results)
    assert evidence.estimand is claim
    store = Store(tmp_path)
    run = store.read_run()
    del run["dataset"]["redrawn_from"]  # as older programs wrote it
    store.write_run(run)
    assert read_results(tmp_path).redrawn_from == 2100  # training and validation


def test_seeds_within_a_repeat_are_averaged(write_results, tmp_path):
    store = write_results(tmp_path, {("lstm", "ce"): 0.8}, repeats=2)
    first = next(store.results())
    moved(store, first, seed=9)
    again = read_results(tmp_path)
    (cell,) = [cell for cell in again.ok if cell.spec.seed == 9]
    predictions = store.read_predictions(cell.spec.id)
    turned = predictions.rename(columns={"probability_0": "probability_1", "probability_1": "probability_0"})
    store.write_result(cell, turned)
    (evidence,) = gather(read_results(tmp_path))
    assert evidence.right.shape == (2, 1000)
    assert evidence.trainings == ((0, -1), (1, -1))
    assert evidence.accuracy.values == pytest.approx([0.5, 0.8])  # of 0.8 and 0.2, and of 0.8


def test_groups_are_clusters(write_results, tmp_path):
    write_results(tmp_path, {("lstm", "ce"): 0.8}, group_size=10)
    (evidence,) = gather(read_results(tmp_path))
    assert evidence.rows.clusters.count == 100
    write_results(tmp_path, {("lstm", "ce"): 0.8}, group_size=1)
    (evidence,) = gather(read_results(tmp_path))
    assert evidence.rows.clusters is None  # each row would be its own


@pytest.mark.parametrize(("leaked", "kept"), [(0, 1000), (5, 1000), (6, 994), (500, 500)])
def test_more_than_a_trace_of_leaked_rows_is_left_out(write_results, tmp_path, leaked, kept):
    write_results(tmp_path, {("lstm", "ce"): 0.8}, leaked=leaked)
    (evidence,) = gather(read_results(tmp_path))
    assert evidence.right.shape == (3, kept)
    assert len(evidence.buckets) == len(evidence.rows.labels) == kept
    assert evidence.rows.without_leaks == (kept < 1000)


def test_the_majority_class_is_the_baseline(write_results, tmp_path):
    write_results(tmp_path, {("lstm", "ce"): 0.8}, classes=("a", "b", "c"))
    results = read_results(tmp_path)
    (evidence,) = gather(results)
    labels = results.predictions(results.ok[0]).labels
    assert evidence.rows.majority == pytest.approx(np.bincount(labels).max() / 1000)


def test_right_on_the_same_rows_is_not_the_same_predictions(write_results, tmp_path):
    """Of three classes, two models may be wrong on the same texts and name another class each."""
    store = write_results(tmp_path, {("lstm", "ce"): 0.8}, classes=("a", "b", "c"), seeds=(1, 2), seed_noise=0.0)
    (alike,) = gather(read_results(tmp_path))
    assert len(alike.digests) == 1
    cell = next(result for result in store.results() if result.spec.seed == 2)
    predictions = store.read_predictions(cell.spec.id)
    names = [f"probability_{label}" for label in range(3)]
    probabilities = predictions[names].to_numpy(copy=True)
    wrong = probabilities.argmax(axis=1) != predictions["label"].to_numpy()
    others = 3 - probabilities.argmax(axis=1) - predictions["label"].to_numpy()  # the class that neither names
    probabilities[wrong] = np.eye(3)[others[wrong]]
    predictions[names] = probabilities
    store.write_result(cell, predictions)
    (differ,) = gather(read_results(tmp_path))
    assert len(set(differ.digests)) == 2
    assert np.array_equal(differ.right[0], differ.right[1])
