"""A trial of tuning: one training, judged on validation; the test rows are not read by anything."""

import dataclasses
from collections.abc import Callable
from typing import cast

from benchmarks.cells.checkpoint import Checkpoint
from benchmarks.cells.distributed import leave_group
from benchmarks.cells.fitting import timed_fit
from benchmarks.cells.preparation import prepare
from benchmarks.hardware.environment import environment
from benchmarks.measurement.clock import Clock, synchronizer
from benchmarks.measurement.load import load_between, observe
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.result import CellResult
from benchmarks.schema.tuning import Trial
from benchmarks.store.results import Store
from models.model import Device, FitReport, standing


def run_trial(spec: CellSpec, store: Store, progress: Callable[[int, int], None]) -> None:
    """Leave a trial's result in `store`: its settings, the course of its training, and its figures on validation.

    Args:
        spec: the trial; its data is in the store.
        store: the results folder.
        progress: called with the training steps done and planned.
    """
    clock = Clock(synchronizer(cast(Device, spec.device)))
    before = observe()
    fitted = timed_fit(prepare(spec, store), clock, progress, Checkpoint(store, spec.id), spec.prune_below)
    workers = leave_group(spec.devices, own=0.0)
    result = CellResult(
        spec=spec,
        status="ok",
        fit=dataclasses.asdict(fitted.report),
        measurements=[fitted.measurement],
        trial=_judged(fitted.report, pruned=fitted.pruned),
        environment=environment(),
        energy=fitted.energy,
        load=load_between(before, observe(), workers),
    )
    store.write_result(result)
    store.remove_checkpoint(spec.id)


def _judged(report: FitReport, *, pruned: bool) -> Trial:
    selected = report.history[report.selected]
    return Trial(
        accuracy=selected["valid_accuracy"],
        log_loss=selected["valid_loss"],
        metric=standing(selected),
        pruned=pruned,
    )
