"""Estimates of a plan's time come from the most similar earlier result of the same machine."""

import pytest

from benchmarks.runs.estimate import earlier_results, finished, seconds_of
from benchmarks.schema.measurements import Measurement
from benchmarks.schema.result import CellResult
from benchmarks.store.results import Store

HERE = {"processor": "this one"}
RUN = dict.fromkeys(("suite", "device", "precision", "code_version"), "toy") | {"planned": [], "dataset": {}}


@pytest.fixture
def result(make_spec):
    """Makes a result of a cell whose fit took so long, and everything else one second."""

    def result(seconds, size=40, environment=HERE, **settings):
        spec = make_spec(**settings).model_copy(update={"train_size": size})
        measurements = [
            Measurement(phase="fit", examples=[size], tokens=[], seconds=[seconds]),
            Measurement(phase="train_steps", examples=[1], tokens=[], seconds=[999.0]),
            Measurement(phase="test_set", examples=[1], tokens=[], seconds=[0.6]),
        ]
        return CellResult(
            spec=spec, status="ok", measurements=measurements, overhead_seconds=0.4, environment=environment
        )

    return result


def test_fit_grows_with_rows_and_epochs_and_the_rest_stays(result, make_spec):
    found = [result(10.0, size=100, model="lstm", epochs=2)]
    wanted = make_spec(model="lstm", epochs=4).model_copy(update={"train_size": 200})
    assert seconds_of([wanted], found) == {wanted.id: pytest.approx(10 * 2 * 2 + 1)}


def test_the_nearest_size_counts_and_then_the_settings(result, make_spec):
    found = [result(1.0, size=10), result(5.0, size=50), result(7.0, size=50, C=3.0)]
    wanted = make_spec(C=3.0).model_copy(update={"train_size": 50})
    assert seconds_of([wanted], found) == {wanted.id: pytest.approx(8.0)}


def test_another_model_or_device_says_nothing(result, make_spec):
    elsewhere = result(1.0)
    elsewhere = elsewhere.model_copy(update={"spec": elsewhere.spec.model_copy(update={"device": "cuda"})})
    assert seconds_of([make_spec()], [result(1.0, model="nbsvm"), elsewhere]) == {}


def test_results_of_other_processors_and_damaged_folders_are_left_out(result, make_spec, tmp_path):
    for name, each in {
        "own": result(1.0),
        "beside": result(2.0, seed=2),
        "other": result(3.0, seed=3, environment={"processor": "another"}),
    }.items():
        store = Store(tmp_path / name)
        store.create()
        store.write_run(RUN)
        store.write_result(each)
    (tmp_path / "broken" / "cells").mkdir(parents=True)
    (tmp_path / "broken" / "run.json").write_text("{")
    seeds = [found.spec.seed for found in earlier_results(tmp_path / "own", "this one")]
    assert seeds == [1, 2]
    assert earlier_results(tmp_path / "none" / "yet", "this one") == []


def test_a_cell_is_finished_if_its_result_is_good_and_measured_as_wanted(result, store, make_spec):
    store.write_result(result(1.0))
    store.write_result(result(1.0, seed=2).model_copy(update={"status": "failed"}))
    specs = [result(1.0).spec, result(1.0, seed=2).spec, make_spec(seed=3)]
    assert finished(specs, store) == {specs[0].id}
