"""Run one cell: data, loss, timed fit, timed scoring, metrics, audits, result."""

import dataclasses
from collections.abc import Callable
from typing import cast

import numpy as np
import pandas as pd
import psutil
import torch

from benchmarks.cells import audits
from benchmarks.cells.calibrating import calibrate, score_validation
from benchmarks.cells.checkpoint import Checkpoint, Follower
from benchmarks.cells.distributed import launch, leave_group
from benchmarks.cells.fitting import Fitted, timed_fit, with_spared
from benchmarks.cells.metrics import coverage, metrics
from benchmarks.cells.preparation import Prepared, prepare
from benchmarks.cells.remeasuring import measure_again, measured_at_first
from benchmarks.cells.timing import Scored, Workload, measure_inference, score_test_set
from benchmarks.cells.trial import run_trial
from benchmarks.hardware.environment import environment
from benchmarks.hardware.slots import threads
from benchmarks.hardware.thread_pools import limit_thread_pools
from benchmarks.inference.explain import explain_mistakes
from benchmarks.inference.saved import Classifier, Saved, write_saved
from benchmarks.measurement.clock import Clock, synchronizer
from benchmarks.measurement.energy import meter
from benchmarks.measurement.load import load_between, observe, own_seconds
from benchmarks.measurement.memory import peak_host_memory
from benchmarks.schema.audits import Audit
from benchmarks.schema.calibration import Calibration
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.explanations import Explanations
from benchmarks.schema.measurements import Measurement, Memory
from benchmarks.schema.result import CellResult
from benchmarks.store.results import Store
from data.arrays import FloatArray
from data.dataset import Dataset, Split
from losses.loss import Loss
from models.model import Device, FitReport, Model


def run_cell(spec: CellSpec, store: Store, progress: Callable[[int, int], None]) -> None:
    """Leave a cell's model, predictions and result in `store`.

    Where a good result of the cell is there already, it is only measured again, as `spec` wants it: with other rows or
    repeats, or in one more process. Its model and predictions stay.

    With several devices, each has a rank of its own, and all ranks train; the main one does the rest.

    Args:
        spec: the cell; its data is in the store.
        store: the results folder.
        progress: called with the training steps done and planned.

    Raises:
        ScoresError: the model's scores are no probabilities.
    """
    earlier = store.read_result(spec.id)
    if earlier is not None and earlier.predicts(spec) and (store.cell_folder(spec.id) / "model").is_dir():
        measure_again(spec, store, earlier, progress)
        return
    judge = run_trial if spec.role == "trial" else _train_and_judge
    if spec.devices == 1:
        judge(spec, store, progress)
    else:
        launch(
            spec.devices,
            lambda rank: _train_as_worker(spec, store) if rank else judge(spec, store, progress),
        )


def _train_and_judge(spec: CellSpec, store: Store, progress: Callable[[int, int], None]) -> None:
    """Do everything of a cell but the worker ranks' part of its training."""
    host_start = psutil.Process().memory_info().rss
    clock = Clock(synchronizer(cast(Device, spec.device)))
    began, before = clock.read(), observe()

    cell = prepare(spec, store)
    model, test = cell.model, cell.data.test
    fitted = timed_fit(cell, clock, progress, Checkpoint(store, spec.id))
    workers = leave_group(spec.devices, own=0.0)
    limit_thread_pools(threads())
    workload = Workload(model)
    scored = score_test_set(model, test, clock, meter(cell.runtime.device), workload)
    inference = measure_inference(model, test, spec.measure, clock, workload, scored=scored)
    memory = _memory(host_start, cell)
    explanations, explaining = _explain(Classifier(model, test.class_names, spec), test, scored, clock)

    fit = with_spared(fitted.measurement, fitted.report, inference)
    training = [fit, *([workload.of_training(fitted.spans)] if fitted.spans.seconds else [])]
    calibration, validating = _calibrate(cell, spec, store, clock)
    measurements = [*training, scored.measurement, *validating, *inference, *explaining]
    result = CellResult(
        spec=spec,
        status="ok",
        measure=measured_at_first(spec, measurements),
        metrics=metrics(scored.probabilities, test, cell.data.leaked_test_rows, cell.runtime.criterion),
        classes=list(test.class_names),
        length_edges=[float(edge) for edge in np.quantile(cell.data.train.lengths, [0.25, 0.5, 0.75])],
        leaked_rows=[int(row) for row in cell.data.leaked_test_rows],
        truncation=coverage(scored.counts),
        fit=dataclasses.asdict(fitted.report),
        fit_parts=fitted.parts if len(fitted.parts) > 1 else [],
        measurements=measurements,
        calibration=calibration,
        memory=memory,
        model_bytes=_save(model, store, Saved(spec=spec, classes=test.class_names, calibration=calibration)),
        audits=_audits(spec, store, cell.loss, cell.data, scored, fitted.report),
        environment=environment(),
        energy=fitted.energy,
        overhead_seconds=clock.read() - began - _timed_seconds(measurements, fitted),
        load=load_between(before, observe(), workers),
    )
    store.write_result(result, predictions_frame(test, scored.probabilities), explanations)
    store.remove_checkpoint(spec.id)


def _train_as_worker(spec: CellSpec, store: Store) -> None:
    """Run a worker rank's part of the training; it writes no files."""
    cell = prepare(spec, store)
    cell.model.fit(cell.data.train, cell.data.valid, cell.loss, cell.runtime, Follower(Checkpoint(store, spec.id)))
    leave_group(spec.devices, own=own_seconds())


def _explain(
    classifier: Classifier, test: Split, scored: Scored, clock: Clock
) -> tuple[Explanations | None, list[Measurement]]:
    """Explain the most confident mistakes of a cell that counts, after everything else is measured."""
    if classifier.spec.role != "result":
        return None, []
    scoring = scored.measurement.seconds[0] / len(test)
    began = clock.read()
    explanations = explain_mistakes(classifier, test, scored.probabilities, scoring, clock)
    seconds = clock.read() - began
    counts = [len(explanations.mistakes)]
    return explanations, [Measurement(phase="explanations", examples=counts, tokens=[], seconds=[seconds])]


def _calibrate(
    cell: Prepared, spec: CellSpec, store: Store, clock: Clock
) -> tuple[Calibration | None, list[Measurement]]:
    """Keep the validation predictions of a cell that counts, and fit its temperature on them."""
    if spec.role != "result":
        return None, []
    valid = cell.data.valid
    probabilities, measurements = score_validation(cell.model, valid, clock)
    store.write_validation(spec.id, predictions_frame(valid, probabilities))
    return calibrate(probabilities, valid), measurements


def _memory(host_start: int, cell: Prepared) -> Memory:
    on_gpu = cell.runtime.device == "cuda"
    device = torch.cuda.max_memory_allocated() if on_gpu else None
    return Memory(host=peak_host_memory(), host_start=host_start, device=device)


def _timed_seconds(measurements: list[Measurement], fitted: Fitted) -> float:
    """Seconds of this process that measurements account for; earlier parts of fit are not."""
    timed = sum(sum(measurement.seconds) for measurement in measurements if not measurement.is_part)
    return timed - sum(fitted.parts[:-1])


def _save(model: Model, store: Store, saved: Saved) -> int:
    """Save the model; its size on disk in bytes."""
    with store.replace_model(saved.spec.id) as folder:
        model.save(folder)
        write_saved(saved, folder)
        return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def predictions_frame(split: Split, probabilities: FloatArray) -> pd.DataFrame:
    """Return row, label, length, group if known, and a probability for each class, as Parquet files hold them."""
    columns = {"row": split.rows, "label": split.labels, "length": split.lengths}
    groups = {} if split.groups is None else {"group": split.groups}
    named = {f"probability_{index}": probabilities[:, index] for index in range(probabilities.shape[1])}
    return pd.DataFrame({**columns, **groups, **named})


def _audits(spec: CellSpec, store: Store, loss: Loss, data: Dataset, scored: Scored, fitted: FitReport) -> list[Audit]:
    """Judge a cell that counts by all audits, and a deep audit's cell by the one that it is there for."""
    probabilities, test = scored.probabilities, data.test
    if spec.role == "shuffled labels":
        return [audits.shuffled_labels(probabilities, test.labels)]
    if spec.role == "repeated":
        return [audits.repeated(probabilities, _original_probabilities(spec, store, test.num_classes))]
    covered = coverage(scored.counts)
    return [
        audits.loss_gradient(
            loss, data.train.lengths, data.train.labels, test.num_classes, reference=loss.name == "ce"
        ),
        audits.splits_disjoint(data),
        audits.splits_alike(data),
        audits.decoding(probabilities, len(test), test.num_classes),
        audits.predictions(probabilities, test.class_names),
        audits.majority_baseline(probabilities, test.labels, test.class_names),
        audits.convergence(fitted),
        audits.regularisation(fitted),
        audits.cached_vectors(fitted),
        audits.truncation(covered),
        audits.unknown_texts(covered),
    ]


def _original_probabilities(spec: CellSpec, store: Store, classes: int) -> FloatArray | None:
    """Read the predictions of the cell that `spec` repeats; None if it ended without any."""
    original = store.read_result(spec.original.id)
    if original is None or original.status != "ok":
        return None
    frame = store.read_predictions(original.spec.id)
    probabilities: FloatArray = frame[[f"probability_{index}" for index in range(classes)]].to_numpy()
    return probabilities
