"""A cascade of finished cells: its thresholds chosen on validation, then run and measured on the test rows.

It trains nothing and reads only what the cells left: models, validation predictions, measurements. The code version of
the cells does not matter.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import cast

import numpy as np
import pandas as pd

from benchmarks.cells import audits
from benchmarks.cells.calibrating import calibrate
from benchmarks.cells.metrics import metrics
from benchmarks.cells.preparation import adopt_plugins, dataset_of
from benchmarks.cells.run_cell import predictions_frame, run_cell
from benchmarks.cells.thresholds import StageOnValidation, choose, replay, value_alone
from benchmarks.cells.timing import WARMUP_ROWS, Scored, Workload, measure_single, score_test_set
from benchmarks.errors import BenchmarkError
from benchmarks.hardware.environment import environment
from benchmarks.hardware.slots import threads
from benchmarks.hardware.thread_pools import limit_thread_pools
from benchmarks.inference.cascade import Cascade
from benchmarks.inference.saved import Saved, find_model, stage_folder, write_saved
from benchmarks.measurement.clock import Clock, synchronizer
from benchmarks.measurement.energy import meter
from benchmarks.measurement.load import load_between, observe
from benchmarks.schema.audits import Audit
from benchmarks.schema.cascade import Aim, CascadeRecord
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.confidence import tempered
from benchmarks.schema.measurements import Measurement, Memory
from benchmarks.schema.result import CellResult
from benchmarks.store.results import Store
from data.arrays import FloatArray
from data.dataset import Split
from models.model import Device, Encoded
from models.selection import Criterion


class CountingCascade(Cascade):
    """A cascade that counts the texts that each stage reads."""

    def __init__(self, cascade: Cascade) -> None:
        """Take over a cascade."""
        super().__init__(cascade.stages, cascade.rule)
        self._read: list[tuple[int, ...]] = []

    def score(self, encoded: Encoded) -> FloatArray:
        """Return the probabilities (N, C)."""
        traced = self.trace(encoded)
        self._read.append(traced.read)
        return traced.probabilities

    def read_in_last(self, calls: int) -> tuple[int, ...]:
        """Return the number of texts that each stage read in the last so many calls of `score`."""
        return tuple(map(sum, zip(*self._read[-calls:], strict=True)))


class StageError(BenchmarkError):
    """A cell that cannot be a stage of a cascade; the message is one line."""


def run_cell_or_cascade(spec: CellSpec, store: Store, progress: Callable[[int, int], None]) -> None:
    """Leave the result of a cell that trains, or of a cascade, in `store`."""
    if spec.stages:
        run_cascade(spec, store)
    else:
        run_cell(spec, store, progress)


def run_cascade(spec: CellSpec, store: Store) -> None:
    """Leave a cascade's model, predictions and result in `store`.

    Args:
        spec: the cascade; its stages are cells of the store that ended ok.
        store: the results folder.

    Raises:
        StageError: a stage has no good result, no model or no validation predictions.
    """
    clock = Clock(synchronizer(cast(Device, spec.device)))
    began, before = clock.read(), observe()
    limit_thread_pools(threads())
    stages = [stage_result(store, stage) for stage in spec.stages]
    for stage in stages:
        adopt_plugins(stage.spec, store)
    data = dataset_of(stages[-1].spec, store)
    on_validation = [stage_on_validation(store, stage, data.valid) for stage in stages]
    aim, criterion = cast(Aim, spec.model_params["aim"]), Criterion(spec.metric, spec.costs)
    chosen = choose(on_validation, data.valid.labels, aim, data.valid.groups, criterion)

    valid_probabilities = replay(on_validation, chosen.cascade)
    valid_accuracy = float((valid_probabilities.argmax(axis=1) == data.valid.labels).mean())
    calibration = calibrate(valid_probabilities, data.valid)
    saved = Saved(spec=spec, classes=data.test.class_names, calibration=calibration, cascade=chosen.cascade)
    size = _save(store, saved)
    store.write_validation(spec.id, predictions_frame(data.valid, valid_probabilities))

    loaded = find_model(store.cell_folder(spec.id) / "model").load(spec.device, spec.precision)
    model, test = cast(Cascade, loaded.model), data.test
    scored, read = _score_test_set(model, test, clock, spec)
    measurements = [
        _fits(stages),
        scored.measurement,
        scored.text_to_label,
        measure_single(model, test, spec.measure, clock),
    ]
    result = CellResult(
        spec=spec,
        status="ok",
        metrics=metrics(scored.probabilities, test, data.leaked_test_rows, criterion),
        classes=list(test.class_names),
        length_edges=stages[-1].length_edges,
        leaked_rows=[int(row) for row in data.leaked_test_rows],
        fit={
            "parameters": sum(stage.fit.get("parameters", 0) for stage in stages),
            "history": [
                {
                    "epoch": 1,
                    "valid_accuracy": valid_accuracy,
                    "valid_loss": calibration.log_loss_before,
                    **criterion.entry(data.valid.labels, valid_probabilities),
                }
            ],
            "selected": 0,
        },
        measurements=measurements,
        calibration=calibration,
        cascade=CascadeRecord(
            aim=aim,
            chosen=chosen.cascade,
            valid_rows=chosen.read,
            valid_accuracy=valid_accuracy,
            last_accuracy=value_alone(on_validation[-1], data.valid.labels),
            test_rows=read,
        ),
        memory=_memory(stages),
        model_bytes=size,
        audits=_audits(scored.probabilities, test),
        environment=environment(),
        energy=meter(cast(Device, spec.device)).source,
        overhead_seconds=clock.read() - began - sum(sum(one.seconds) for one in measurements[1:] if not one.is_part),
        load=load_between(before, observe()),
    )
    store.write_result(result, predictions_frame(test, scored.probabilities))


def stage_result(store: Store, cell_id: str) -> CellResult:
    """Return the result of a cell that can be a stage.

    Raises:
        StageError: it cannot.
    """
    result = store.read_result(cell_id)
    if result is None or result.status != "ok":
        raise StageError(f"{cell_id} cannot be a stage of a cascade: it has no good result")
    if reason := why_no_stage(store, result):
        raise StageError(reason)
    return result


def why_no_stage(store: Store, result: CellResult) -> str:
    """Return why a good result cannot be a stage of a cascade, in one line; "" if it can."""
    folder = store.cell_folder(result.spec.id)
    if result.calibration is None or not store.has_validation(result.spec.id):
        return (
            f"{result.spec.id} was made by an older version, without the validation predictions that thresholds are "
            "chosen on: run it again with --fresh"
        )
    if not (folder / "model").is_dir():
        return f"{result.spec.id} has no saved model: run it again with --fresh"
    return ""


def stage_on_validation(store: Store, result: CellResult, valid: Split) -> StageOnValidation:
    """Read a stage's calibrated probabilities of the validation texts, and its speed.

    Raises:
        StageError: they are of other texts, or the stage was not timed.
    """
    frame = store.read_validation(result.spec.id)
    if not np.array_equal(frame["row"], valid.rows):
        raise StageError(f"{result.spec.id} was validated on other rows than its data have: run it again with --fresh")
    if result.calibration is None:
        raise StageError(why_no_stage(store, result))
    return StageOnValidation(tempered(_probabilities(frame), result.calibration.temperature), seconds_per_text(result))


def seconds_per_text(result: CellResult) -> float:
    """Return the median seconds to label one text in batches, from text to label; infinite where it was not timed."""
    timed = result.measurement("text_to_label")
    if timed is None or not timed.seconds:
        return float("inf")
    return median(seconds / count for seconds, count in zip(timed.seconds, timed.examples, strict=True))


def _save(store: Store, saved: Saved) -> int:
    """Save the cascade: its rule, and a copy of each stage that shares the disk space of the cell's own files.

    Returns:
        Sum of the stages' sizes in bytes.
    """
    with store.replace_model(saved.spec.id) as folder:
        for number, stage in enumerate(saved.spec.stages, start=1):
            _link(store.cell_folder(stage) / "model", stage_folder(folder, number))
        write_saved(saved, folder)
        return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _link(source: Path, target: Path) -> None:
    """Give the regular files of a folder a second name; where the file system cannot, copy them."""
    target.mkdir()
    for path in sorted(source.rglob("*")):
        new = target / path.relative_to(source)
        if path.is_symlink():
            continue
        if path.is_dir():
            new.mkdir()
            continue
        try:
            os.link(path, new)
        except OSError:
            shutil.copyfile(path, new)


def _score_test_set(model: Cascade, test: Split, clock: Clock, spec: CellSpec) -> tuple[Scored, tuple[int, ...]]:
    """Run the cascade over all test texts once, timed, after a few texts to warm up each stage.

    Its halves are the readings of "text_to_label", however fast it is: in a smaller sample another share would be
    passed on, and that share decides the rate.

    Returns:
        The pass, and the number of texts that each stage read.
    """
    for stage in model.stages:
        stage.model.score(stage.model.encode(test.texts[:WARMUP_ROWS]))
    counting = CountingCascade(model)
    scored = score_test_set(counting, test, clock, meter(cast(Device, spec.device)), Workload(model))
    return scored, counting.read_in_last(len(scored.halves))


def _fits(stages: Sequence[CellResult]) -> Measurement:
    """The training of a cascade: that of all stages, one after another."""
    fits = [found for stage in stages if (found := stage.measurement("fit"))]
    seconds = sum(median(found.costs) for found in fits)
    return Measurement(phase="fit", examples=[fits[0].examples[0]], tokens=[], seconds=[seconds])


def _memory(stages: Sequence[CellResult]) -> Memory | None:
    """What the stages' processes added to the memory at their start, summed; the libraries count once."""
    known = [stage.memory for stage in stages if stage.memory]
    if len(known) < len(stages):
        return None
    start = max(memory.host_start for memory in known)
    on_device = [memory.device for memory in known if memory.device is not None]
    return Memory(
        host=start + sum(memory.host - memory.host_start for memory in known),
        host_start=start,
        device=sum(on_device) if on_device else None,
    )


def _audits(probabilities: FloatArray, test: Split) -> list[Audit]:
    """Judge the predictions; the trainings were judged in the stages' cells."""
    return [
        audits.decoding(probabilities, len(test), test.num_classes),
        audits.predictions(probabilities, test.class_names),
        audits.majority_baseline(probabilities, test.labels, test.class_names),
    ]


def _probabilities(frame: pd.DataFrame) -> FloatArray:
    classes = sum(name.startswith("probability_") for name in frame.columns)
    found: FloatArray = frame[[f"probability_{index}" for index in range(classes)]].to_numpy(dtype=np.float64)
    return found
