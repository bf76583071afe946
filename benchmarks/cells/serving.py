"""A cell's model served by an engine, in new processes: load, first prediction, the test set, the three regimes."""

import hashlib
import json
import time
from functools import partial
from typing import Any

import numpy as np
import psutil

from benchmarks.cells.preparation import adopt_plugins, dataset_of, runtime_of
from benchmarks.cells.remeasuring import MACHINE
from benchmarks.cells.run_cell import predictions_frame
from benchmarks.cells.timing import of_all_lengths, time_in_turns
from benchmarks.hardware.environment import environment
from benchmarks.hardware.thread_pools import limit_thread_pools
from benchmarks.inference.engines import ENGINES
from benchmarks.inference.engines.engine import engine
from benchmarks.inference.engines.served import Served
from benchmarks.inference.folder import digest
from benchmarks.inference.saved import find_model
from benchmarks.measurement.clock import Clock, synchronizer
from benchmarks.measurement.load import load_between, observe, worst
from benchmarks.measurement.memory import peak_host_memory
from benchmarks.registry.code_version import modules_version
from benchmarks.schema.cell import SAMPLE_SEED, CellSpec
from benchmarks.schema.engines import EngineResult
from benchmarks.schema.measurements import Measurement, Memory, joined_by_phase
from benchmarks.store.results import Store
from data.arrays import FloatArray
from data.dataset import Split

LEAST_SINGLE = 300
"""Texts scored one at a time: the 99th percentile has a bound from 299 readings on."""

FEED = (
    "benchmarks.cells.serving",
    "benchmarks.inference.engines.engine",
    "benchmarks.inference.engines.served",
    "benchmarks.inference.export",
)
"""Modules that measure, feed and export for every engine."""


def address(spec: CellSpec, name: str, model: str) -> str:
    """Return the digest of everything that the figures of an engine depend on.

    Args:
        spec: the cell.
        name: of the engine.
        model: sha256 of the saved model's files.
    """
    here = environment()
    facts: dict[str, Any] = {
        "cell": spec.id,
        "engine": name,
        "model": model,
        "measure": spec.measure.settings,
        "code": modules_version(ENGINES[name].partition(":")[0], *FEED),
        "libraries": engine(name).libraries(),
        "machine": {key: here[key] for key in MACHINE if key != "packages"},
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def unmeasured(spec: CellSpec, name: str, model: str) -> EngineResult:
    """Return the result of an engine before anything is measured."""
    chosen = engine(name)
    return EngineResult(
        cell=spec.id,
        engine=name,
        address=address(spec, name, model),
        model=model,
        device=spec.device,
        precision=chosen.precision or spec.precision,
        libraries=chosen.libraries(),
        environment=environment(),
    )


def build(spec: CellSpec, store: Store, name: str) -> int:
    """Write the files that the engine reads; return their size in bytes, of the saved model where it reads that."""
    adopt_plugins(spec, store)
    found = find_model(store.cell_folder(spec.id))
    folder = store.make_engine_folder(spec.id)
    files = engine(name).build(found, folder, dataset_of(spec, store).train.texts)
    return sum(path.stat().st_size for path in files or found.folder.rglob("*") if path.is_file())


def serve(spec: CellSpec, store: Store, name: str, first: str, turn: int) -> EngineResult:
    """Load the model into the engine, measure it, and leave its predictions and result; for a new process.

    Args:
        spec: the cell.
        store: holds its model and the files that `build` wrote.
        name: of the engine.
        first: the first text to be scored.
        turn: number of the process.
    """
    before = observe()
    runtime = runtime_of(spec)
    limit_thread_pools(runtime.threads)
    adopt_plugins(spec, store)
    found = find_model(store.cell_folder(spec.id))
    start_bytes = psutil.Process().memory_info().rss
    clock = Clock(synchronizer(runtime.device))
    served, load_seconds = clock.time(lambda: engine(name).load(found, store.engine_folder(spec.id), runtime, raw=True))
    ready_seconds = time.time() - psutil.Process().create_time()
    _, first_seconds = clock.time(lambda: served.own_proba([first]))
    test = dataset_of(spec, store).test
    probabilities, whole = _test_set(served, test, clock)
    inference = measure_regimes(served, test, spec, clock)
    frame = predictions_frame(test, probabilities)
    store.write_engine(
        unmeasured(spec, name, digest(found.folder)).model_copy(
            update={
                "ready_seconds": ready_seconds,
                "load_seconds": load_seconds,
                "first_seconds": first_seconds,
                "measurements": [one.taken_by(turn) for one in (whole, *inference)],
                "memory": Memory(host=peak_host_memory(), host_start=start_bytes),
                "load": load_between(before, observe()),
                **beside_torch(probabilities, _reference(spec, store, test)),
            }
        ),
        frame,
    )
    return EngineResult.model_validate(store.read_engine(spec.id, name))


def serve_again(spec: CellSpec, store: Store, name: str, turn: int) -> EngineResult:
    """Time the three regimes once more and add the readings as those of process `turn`; for a new process.

    Args:
        spec: the cell.
        store: holds its model, the engine's files and its result.
        name: of the engine.
        turn: number of the process.
    """
    before = observe()
    runtime = runtime_of(spec)
    limit_thread_pools(runtime.threads)
    adopt_plugins(spec, store)
    served = engine(name).load(find_model(store.cell_folder(spec.id)), store.engine_folder(spec.id), runtime, raw=True)
    inference = measure_regimes(served, dataset_of(spec, store).test, spec, Clock(synchronizer(runtime.device)))
    earlier = EngineResult.model_validate(store.read_engine(spec.id, name))
    measurements = joined_by_phase(earlier.measurements, inference, turn)
    load = load_between(before, observe())
    result = earlier.model_copy(update={"measurements": measurements, "load": worst(earlier.load, load)})
    store.write_engine(result)
    return result


def beside_torch(probabilities: FloatArray, reference: FloatArray) -> dict[str, Any]:
    """Compare probabilities (N, C) with those of the network in torch: rows, same classes, gaps, differences."""
    differs = probabilities.argmax(axis=1) != reference.argmax(axis=1)
    second, most = np.sort(reference, axis=1)[:, -2:].T
    return {
        "rows": len(reference),
        "same_class": int((~differs).sum()),
        "largest_gap": float((most - second)[differs].max(initial=0.0)),
        "largest_difference": float(np.abs(probabilities - reference).max(initial=0.0)),
    }


def measure_regimes(served: Served, test: Split, spec: CellSpec, clock: Clock) -> list[Measurement]:
    """Time the three regimes on test texts of all lengths, which are labelled once to warm up."""
    measure = spec.measure
    rows = of_all_lengths(test, measure.rows)
    single = test.sample(min(max(measure.single, LEAST_SINGLE), len(test)), seed=SAMPLE_SEED).texts
    encoded = served.encode(rows.texts)
    served.label(rows.texts)
    seconds = time_in_turns(measure, clock, served.label, partial(served.scores, encoded), rows.texts, single)
    counts = {"text_to_label": len(rows), "encoded_to_scores": len(rows), "single_review": 1}
    return [
        Measurement(phase=phase, examples=[counts[phase]] * len(own), tokens=[], seconds=own)
        for phase, own in seconds.items()
    ]


def _test_set(served: Served, test: Split, clock: Clock) -> tuple[FloatArray, Measurement]:
    probabilities, seconds = clock.time(lambda: served.own_proba(test.texts))
    return probabilities, Measurement(phase="test_set", examples=[len(test)], tokens=[], seconds=[seconds])


def _reference(spec: CellSpec, store: Store, test: Split) -> FloatArray:
    """The probabilities of the network in torch, (N, C), in the order of the test rows."""
    frame = store.read_predictions(spec.id).set_index("row").loc[test.rows]
    found: FloatArray = frame[[f"probability_{index}" for index in range(test.num_classes)]].to_numpy()
    return found
