"""A finished cell is measured again without losing what it predicted."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmarks.cells import remeasuring
from benchmarks.cells.remeasuring import measured_at_first
from benchmarks.cells.run_cell import run_cell
from benchmarks.executors.local import LocalExecutor
from benchmarks.executors.select import PRELOAD
from benchmarks.hardware.slots import share
from benchmarks.schema.measurements import Load, Measure, Measurement
from models.tfidf_logreg import TfidfLogReg

PHASES = ("fit", "text_to_label", "encoded_to_scores", "single_review")


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """On a busy machine, too, the cells of these tests are cheap."""
    monkeypatch.setattr(remeasuring, "REPEATED_SECONDS", 1_000.0)


def ignore(done, total):
    pass


@pytest.fixture
def spec(make_spec):
    return make_spec().model_copy(update={"measure": Measure(rows=8, repeats=2, single=3, processes=3)})


@pytest.fixture
def fits(monkeypatch):
    """The seeds of all trainings."""
    seeds = []
    fit = TfidfLogReg.fit

    def noted(self, train, valid, loss, runtime, monitor):
        seeds.append(runtime.seed)
        return fit(self, train, valid, loss, runtime, monitor)

    monkeypatch.setattr(TfidfLogReg, "fit", noted)
    return seeds


def files(store, spec):
    folder = store.cell_folder(spec.id)
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_cheap_cell_is_timed_in_as_many_processes_as_wanted_fit_included(store, spec, fits):
    run_cell(spec, store, ignore)
    first = store.read_result(spec.id)
    assert first.answers(spec)
    assert first.lacks_process(spec)
    before = files(store, spec)
    run_cell(spec, store, ignore)
    run_cell(spec, store, ignore)
    last = store.read_result(spec.id)
    assert not last.lacks_process(spec)
    assert fits == [1, 1, 1]
    assert last.measurement("fit").process == [0, 1, 2]
    assert last.measurement("text_to_label").process == [0, 0, 1, 1, 2, 2]
    assert last.measurement("single_review").process == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    for phase in PHASES:
        readings = len(first.measurement(phase).seconds)
        assert last.measurement(phase).seconds[:readings] == first.measurement(phase).seconds
        assert last.measurement(phase).of_process(0) == first.measurement(phase)
    assert last.measurement("test_set") == first.measurement("test_set")
    after = files(store, spec)
    assert {path for path in after if after[path] != before.get(path)} == {Path("result.json")}
    same = ("metrics", "fit", "audits", "truncation", "memory", "fit_parts", "leaked_rows")
    assert all(getattr(last, name) == getattr(first, name) for name in same)


def test_a_fit_costs_what_a_cache_of_vectors_spared_it(store, spec, monkeypatch):
    """As in the first process, which encodes all texts, so in the second, which finds all of them in the cache."""
    fit = TfidfLogReg.fit
    counts = iter((0, 60))
    monkeypatch.setattr(
        TfidfLogReg,
        "fit",
        lambda self, *others: dataclasses.replace(fit(self, *others), cached_texts=next(counts)),
    )
    for _ in range(2):
        run_cell(spec, store, ignore)
    result = store.read_result(spec.id)
    fits, labelled = result.measurement("fit"), result.measurement("text_to_label").of_process(1)
    pace = np.median(np.array(labelled.seconds) / labelled.examples)
    assert fits.spared == [0.0, pytest.approx(60 * pace)]
    assert fits.costs == [fits.seconds[0], pytest.approx(fits.seconds[1] + 60 * pace)]


def test_other_settings_are_measured_from_the_saved_model(store, spec, fits):
    run_cell(spec, store, ignore)
    run_cell(spec, store, ignore)
    first = store.read_result(spec.id)
    wider = spec.model_copy(update={"measure": Measure(rows=16, repeats=4, single=5, processes=3)})
    assert wider.id == spec.id
    assert not first.answers(wider)
    fits.clear()
    before = files(store, spec)
    run_cell(wider, store, ignore)
    again = store.read_result(spec.id)
    assert fits == []  # nothing is trained
    assert again.answers(wider)
    assert again.spec.measure == wider.measure
    assert again.measurement("text_to_label").examples == [16] * 4
    assert len(again.measurement("single_review").seconds) == 5
    assert again.measurement("fit") == first.measurement("fit").of_process(0)
    assert (again.metrics, again.audits) == (first.metrics, first.audits)
    after = files(store, spec)
    assert {path for path in after if after[path] != before.get(path)} == {Path("result.json")}
    assert again.lacks_process(wider)
    run_cell(wider, store, ignore)
    assert store.read_result(spec.id).measurement("fit").process == [0, 1]


def test_a_training_beside_another_program_stays_in_doubt(store, spec):
    run_cell(spec, store, ignore)
    busy = Load(load_average=2.0, others=0.4, stolen=0.0)
    first = store.read_result(spec.id)
    store.write_result(first.model_copy(update={"load": busy}))
    wider = spec.model_copy(update={"measure": Measure(rows=16, repeats=4, single=5, processes=3)})
    run_cell(wider, store, ignore)
    assert store.read_result(spec.id).load.others >= 0.4


def test_an_expensive_cell_is_timed_once(store, spec, fits, monkeypatch):
    monkeypatch.setattr(remeasuring, "REPEATED_SECONDS", 0.0)
    run_cell(spec, store, ignore)
    result = store.read_result(spec.id)
    assert not result.lacks_process(spec)
    assert set(result.measurement("fit").processes) == {0}
    more = spec.model_copy(update={"measure": spec.measure.model_copy(update={"processes": 9})})
    assert result.lacks_process(more)
    run_cell(more, store, ignore)
    assert fits == [1]  # it is not trained again, and is not asked again
    assert not store.read_result(spec.id).lacks_process(more)


def readings(fit, regimes):
    return [
        Measurement(phase=phase, examples=[1], tokens=[], seconds=[seconds])
        for phase, seconds in (("fit", fit), ("test_set", 100.0), ("text_to_label", regimes), ("explanations", 9.0))
    ]


@pytest.mark.parametrize(
    ("fit", "regimes", "changes", "processes"),
    [
        (2.0, 0.5, {}, 1),
        (2.0, 1.5, {}, 5),
        (2.0, 0.5, {"role": "repeated"}, 5),
        (2.0, 0.5, {"devices": 2}, 5),
    ],
    ids=["cheap", "expensive", "a deep audit", "several devices"],
)
def test_only_what_a_process_repeats_decides_whether_a_cell_is_cheap(
    make_spec, monkeypatch, fit, regimes, changes, processes
):
    monkeypatch.setattr(remeasuring, "REPEATED_SECONDS", 3.0)
    spec = make_spec().model_copy(update={"measure": Measure(processes=5), **changes})
    assert measured_at_first(spec, readings(fit, regimes)).processes == processes


def test_readings_of_another_machine_are_not_joined(store, spec, fits, monkeypatch):
    run_cell(spec, store, ignore)
    first = store.read_result(spec.id)
    here = remeasuring.environment()
    monkeypatch.setattr(remeasuring, "environment", lambda: here | {"processor": "another"})
    run_cell(spec, store, ignore)
    moved = store.read_result(spec.id)
    assert moved.environment["processor"] == "another"
    assert moved.measurement("fit") is None  # it was timed elsewhere
    assert (moved.memory, moved.energy, moved.overhead_seconds) == (None, "not measured", None)
    assert moved.metrics == first.metrics
    run_cell(spec, store, ignore)
    assert store.read_result(spec.id).measurement("fit").process == [1]


def test_a_model_that_was_deleted_is_trained_again(store, spec, fits):
    run_cell(spec, store, ignore)
    predictions = store.read_predictions(spec.id)
    shutil.rmtree(store.cell_folder(spec.id) / "model")
    run_cell(spec.model_copy(update={"measure": Measure(rows=4)}), store, ignore)
    assert fits == [1, 1]
    assert store.read_predictions(spec.id).equals(predictions)


def test_a_process_that_fails_leaves_the_result_as_it_was(store, spec, monkeypatch):
    run_cell(spec, store, ignore)
    before = files(store, spec)

    def fail(*arguments):
        raise FloatingPointError("the training loss is nan")

    monkeypatch.setattr(TfidfLogReg, "fit", fail)
    with pytest.raises(FloatingPointError):
        run_cell(spec, store, ignore)
    assert files(store, spec) == before


def test_in_processes_of_their_own_too_and_a_timeout_loses_nothing(store, spec):
    def run(spec, timeout):
        (result,) = LocalExecutor(store, run_cell, PRELOAD, timeout, share(1)).run([spec], lambda *_: None)
        return result

    assert run(spec, 600.0).status == "ok"
    before = files(store, spec)
    wider = spec.model_copy(update={"measure": Measure(rows=16, repeats=2, single=3)})
    late = run(wider, 0.001)
    assert late.status == "timeout"
    kept = {path: content for path, content in files(store, spec).items() if path != Path("log.txt")}
    assert kept == {path: content for path, content in before.items() if path != Path("log.txt")}
    again = run(wider, 600.0)
    assert (again.status, again.measurement("text_to_label").examples) == ("ok", [16, 16])
    assert again.environment["threads"] == 1
    assert files(store, spec)[Path("predictions.parquet")] == before[Path("predictions.parquet")]


def test_torch_models_repeat_their_steps_too(store, make_spec):
    spec = make_spec("lstm", epochs=4, min_steps=0, batch_size=4, embedding_width=4, hidden_width=4)
    run_cell(spec, store, ignore)
    run_cell(spec, store, ignore)
    spans = store.read_result(spec.id).measurement("train_steps")
    assert spans.of_process(1).examples == spans.of_process(0).examples
    assert len(spans.flops) == len(spans.padded_tokens) == len(spans.process) == len(spans.seconds)


def test_readings_are_told_apart_by_process():
    first = Measurement(phase="fit", examples=[4], tokens=[], seconds=[1.0], joules=[3.0])
    second = Measurement(phase="fit", examples=[4, 4], tokens=[], seconds=[2.0, 3.0])
    joined = first.joined(second.taken_by(1))
    assert (joined.seconds, joined.process, joined.joules) == ([1.0, 2.0, 3.0], [0, 1, 1], [])
    assert joined.of_process(1) == second
    assert joined.of_process(0).seconds == first.seconds
    assert joined.costs == joined.seconds
    with pytest.raises(ValueError, match="as many readings"):
        Measurement(phase="fit", examples=[4], tokens=[], seconds=[1.0], process=[0, 1])


def test_the_same_rows_are_measured_in_every_process(store, spec, monkeypatch):
    seen = []
    encode = TfidfLogReg.encode
    monkeypatch.setattr(TfidfLogReg, "encode", lambda self, texts: seen.append(tuple(texts)) or encode(self, texts))
    run_cell(spec, store, ignore)
    own = [texts for texts in seen if len(texts) == 8]
    seen.clear()
    run_cell(spec, store, ignore)
    assert {texts for texts in seen if len(texts) == 8} <= set(own)
    assert np.mean([len(texts) == 1 for texts in seen]) > 0
