"""Measuring a finished cell again: with other settings, or in one more process.

Readings within a process share its memory layout and its moment on the machine, so that an interval of a time needs
several processes (Kalibera & Jones 2013, "Rigorous benchmarking in reasonable time", ISMM). A cell that takes little
time is therefore timed in several, `fit` included: one process per cell in each round over all cells, so that drift of
the machine meets all cells alike. Predictions and model stay those of the first process.
"""

from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.cells.fitting import timed_fit, with_spared
from benchmarks.cells.preparation import adopt_plugins, dataset_of, on_steady_threads, prepare, runtime_of
from benchmarks.cells.timing import Workload, measure_inference
from benchmarks.hardware.environment import environment
from benchmarks.hardware.thread_pools import limit_thread_pools
from benchmarks.measurement.clock import Clock, synchronizer
from benchmarks.measurement.load import load_between, observe, worst
from benchmarks.registry.entries import model_class
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.measurements import Measure, Measurement, joined_by_phase
from benchmarks.schema.result import CellResult
from benchmarks.store.results import Store

REPEATED_SECONDS = 3.0
"""Longest sum of a process's readings (fit and the three regimes) for which a cell is timed in several processes.

The quick suite has eight cells of the linear models; timing those up to this length in five processes takes it less
than a minute on two processors."""

REGIMES = frozenset({"text_to_label", "encoded_to_scores", "single_review"})

MACHINE = ("processor", "threads", "accelerator", "packages", "python")
"""Entries of the environment that must be equal for times to be comparable."""


def measured_at_first(spec: CellSpec, measurements: Sequence[Measurement]) -> Measure:
    """Return the part of `spec.measure` that one process does: all of it for a cell that is timed in one process."""
    return spec.measure.model_copy(update={"processes": 1}) if is_repeated(spec, measurements) else spec.measure


def is_repeated(spec: CellSpec, measurements: Sequence[Measurement]) -> bool:
    """Whether the cell is timed in several processes, judged by the readings of its first one."""
    first = [one.of_process(0) for one in measurements if one.phase in {"fit", *REGIMES}]
    seconds = sum(sum(one.seconds) for one in first)
    return seconds <= REPEATED_SECONDS and spec.role == "result" and spec.devices == 1


def measure_again(spec: CellSpec, store: Store, earlier: CellResult, progress: Callable[[int, int], None]) -> None:
    """Write the cell's result with the measurements that `spec` wants, or a step nearer to them.

    Args:
        spec: says how the cell is to be measured.
        store: holds the cell's result and model.
        earlier: that result.
        progress: called with the training steps done and planned.
    """
    before, here = observe(), environment()
    same_machine = all(earlier.environment.get(key) == here[key] for key in MACHINE)
    taken = 1 + max((process for one in earlier.measurements for process in one.process), default=0)
    changes: dict[str, Any]
    if not (same_machine and earlier.answers(spec)):
        changes = _regimes_anew(spec, store, earlier, same_machine=same_machine)
        load = load_between(before, observe())  # readings of the training stay on the same machine, with their load
        changes |= {"environment": here, "load": worst(earlier.load, load) if same_machine else load}
    elif _wants_process(spec, earlier, taken):
        changes = _one_more_process(spec, store, earlier, taken, progress)
        changes["load"] = worst(earlier.load, load_between(before, observe()))
    else:
        changes = {"measure": spec.measure}
    store.write_result(earlier.model_copy(update={"spec": spec, **changes}))


def _wants_process(spec: CellSpec, earlier: CellResult, taken: int) -> bool:
    """Whether one more process is to time the cell; `taken` have."""
    timed_once = earlier.measure is None or earlier.measure.processes > taken  # as decided before
    return not timed_once and taken < spec.measure.processes and is_repeated(spec, earlier.measurements)


def _one_more_process(
    spec: CellSpec, store: Store, earlier: CellResult, number: int, progress: Callable[[int, int], None]
) -> dict[str, Any]:
    """Train once more for timing only, measure inference, and add the readings as process `number`."""
    cell = prepare(spec, store)
    clock = Clock(synchronizer(cell.runtime.device))
    fitted = timed_fit(cell, clock, progress)
    workload = Workload(cell.model)
    inference = measure_inference(cell.model, cell.data.test, spec.measure, clock, workload)
    fit = with_spared(fitted.measurement, fitted.report, inference)
    taken = (fit, workload.of_training(fitted.spans), *inference)
    measurements = joined_by_phase(earlier.measurements, [one for one in taken if one.seconds], number)
    measure = spec.measure.model_copy(update={"processes": number + 1})
    return {"measurements": measurements, "measure": measure}


def _regimes_anew(spec: CellSpec, store: Store, earlier: CellResult, *, same_machine: bool) -> dict[str, Any]:
    """Measure the saved model as `spec` wants it, in place of all earlier readings of the regimes.

    Readings of later processes are dropped with them and taken again later. On another machine, the first one's
    readings of the training, memory and energy go, too.
    """
    adopt_plugins(spec, store)
    runtime = runtime_of(spec)
    limit_thread_pools(runtime.threads)
    test = dataset_of(spec, store).test
    model = on_steady_threads(model_class(spec.model).load(store.cell_folder(spec.id) / "model", runtime))
    clock = Clock(synchronizer(runtime.device))
    inference = measure_inference(model, test, spec.measure, clock, Workload(model))
    training = [one.of_process(0) for one in earlier.measurements if one.phase not in REGIMES]
    measurements = [*(training if same_machine else []), *inference]
    of_the_other_machine = {} if same_machine else {"memory": None, "energy": "not measured", "overhead_seconds": None}
    measure = measured_at_first(spec, [*training, *inference])
    return {"measurements": measurements, "measure": measure, **of_the_other_machine}
