"""Runs cells on a Ray cluster, each as a task that claims its processors and its GPU.

On the machine that Ray chooses, a cell runs as it would locally: in a process of its own, over a store of its own,
which is packed, sent, and unpacked into the driver's. The cluster's machines need the same environment as the driver
(Python, Ray and the pinned packages); this project's code is sent to them.

Only a command that is told to use Ray imports this module.
"""

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import (
    LocalRayletDiedError,
    NodeDiedError,
    ObjectLostError,
    OutOfMemoryError,
    RayError,
    RayTaskError,
    WorkerCrashedError,
)

from benchmarks.errors import first_line
from benchmarks.executors.cell_process import Work
from benchmarks.executors.cluster import alive_machines, capacity, claim
from benchmarks.executors.executor import Progress, record
from benchmarks.executors.faults import describe_exception
from benchmarks.executors.local import LocalExecutor
from benchmarks.hardware.slots import share
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.result import CellResult
from benchmarks.store.files import WriteError
from benchmarks.store.packing import Files, pack_cell, pack_data, pack_plugins, unpack
from benchmarks.store.results import Store, StoreError, Stores

LOST = (LocalRayletDiedError, NodeDiedError, ObjectLostError, WorkerCrashedError)
"""Raised by Ray when a machine, or Ray's process on it, is gone: no fault of the cell's."""

LOSSES = 3
"""How many times a cell is run again because its machine was lost."""

Returned = tuple[Files, CellResult]
"""The files and the result of a cell that ran on another machine."""


@dataclass(frozen=True)
class RayExecutor:
    """Runs cells on the cluster that `cluster.connect` has joined.

    Attributes:
        store: the driver's, one folder or one for each dataset; results go there, and it holds the cells' data.
        work: run by the process of a cell; a function of a module that the cluster's machines can import.
        preload: modules imported once by each of Ray's processes, for the cells that are forked from it.
        timeout: seconds after which a cell is ended; None never ends one.
        cpus: processors of a cell; None: all of the smallest machine, or its share per GPU.
    """

    store: Store | Stores
    work: Work
    preload: Sequence[str] = ()
    timeout: float | None = None
    cpus: int | None = None

    def run(self, specs: Iterable[CellSpec], progress: Progress) -> Iterator[CellResult]:
        """Run the cells; see `Executor`. `progress` does not receive their optimizer steps."""
        tasks = _Tasks(self)
        waiting = iter(specs)
        try:
            while True:
                while tasks.has_room() and (spec := next(waiting, None)):
                    tasks.submit(spec)
                if not tasks.running:
                    return
                if result := tasks.next_result():
                    yield result
        except (KeyboardInterrupt, GeneratorExit) as error:
            for spec in tasks.running.values():
                record(self.store, spec, "interrupted", str(error) or "stopped by the user")
            raise
        finally:
            tasks.cancel()


@dataclass
class _Tasks:
    """The cells that run, or wait in Ray's queue.

    Attributes:
        executor: whose they are.
        running: task -> its cell.
        data: fingerprint -> the prepared splits, in Ray's object store.
        losses: cell -> how many times its machine was lost.
    """

    executor: RayExecutor
    running: "dict[ray.ObjectRef[Returned], CellSpec]" = field(default_factory=dict)
    data: "dict[str, ray.ObjectRef[Files]]" = field(default_factory=dict)
    losses: Counter[str] = field(default_factory=Counter)

    def has_room(self) -> bool:
        """Whether to submit another cell; one more than runs waits in Ray's queue, so that an autoscaler sees it."""
        spec = next(iter(self.running.values()), None)
        return spec is None or len(self.running) <= capacity(self._claim(spec), alive_machines())

    def submit(self, spec: CellSpec) -> None:
        """Send a cell to the cluster with all that it needs."""
        store, executor = self.executor.store.of(spec), self.executor
        if spec.data_fingerprint not in self.data:
            self.data[spec.data_fingerprint] = ray.put(pack_data(store, spec.data_fingerprint))
        needed = dict(pack_plugins(store, spec))
        if spec.role == "repeated":
            needed |= pack_cell(store, spec.original.id)
        if store.clear_cell(spec) is not None:
            needed |= pack_cell(store, spec.id)
        claimed = self._claim(spec)
        task = ray.remote(_run_here).options(**claimed, max_retries=0, name=spec.id)
        local = LocalExecutor(store, executor.work, executor.preload, executor.timeout)
        reference = task.remote(spec, local, max(1, claimed["num_cpus"]), self.data[spec.data_fingerprint], needed)
        self.running[reference] = spec

    def next_result(self) -> CellResult | None:
        """Wait for a cell to end, and return its result; None where its machine was lost, and it runs again."""
        (ended, *_), _ = ray.wait(list(self.running))
        spec, store = self.running.pop(ended), self.executor.store
        try:
            files, result = ray.get(ended)
            return self._kept(spec, files, result)
        except LOST as error:
            self.losses[spec.id] += 1
            if self.losses[spec.id] <= LOSSES:
                self.submit(spec)
                return None
            reason = f"its machine was lost {self.losses[spec.id]} times ({type(error).__name__})"
            return record(store, spec, "crashed", reason)
        except OutOfMemoryError:
            return record(store, spec, "out_of_memory", "ended by Ray because its machine's memory ran out")
        except RayError as error:
            cause = error.cause if isinstance(error, RayTaskError) else error
            status, reason = describe_exception(cause)
            return record(store, spec, status, reason, first_line(cause))

    def cancel(self) -> None:
        """End the cells that run: each ends with the process that started it."""
        for task in self.running:
            ray.cancel(task, force=True)

    def _claim(self, spec: CellSpec) -> dict[str, int]:
        return claim(spec.device, alive_machines(), self.executor.cpus, spec.devices)

    def _kept(self, spec: CellSpec, files: Files, result: CellResult) -> CellResult:
        """Write the files of a cell into the driver's store."""
        store, log = self.executor.store.of(spec), f"cells/{spec.id}/log.txt"
        if losses := self.losses[spec.id]:
            note = f"[the machine of this cell was lost, and it was run again: {losses} time(s)]\n"
            files = {**files, log: note.encode() + files.get(log, b"")}
        try:
            unpack(store, files)
            if result.status == "ok" and store.read_result(spec.id) != result:
                return record(store, spec, "crashed", "came back without its result")
        except WriteError:
            raise
        except StoreError as error:
            return record(store, spec, "failed", str(error))
        return result


def _run_here(spec: CellSpec, executor: LocalExecutor, cpus: int, data: Files, own: Files) -> Returned:
    """Run a cell on the machine that this task was sent to."""
    main: Any = sys.modules["__main__"]
    main.__file__ = None  # Ray's worker; the cell's process would run it, and import Ray
    gpus = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if spec.device == "cuda" else []
    slots = share(cpus, gpus)
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        store = Store(Path(folder))
        unpack(store, {**data, **own})
        (result,) = replace(executor, store=store, slots=slots).run([spec], _ignore)
        return pack_cell(store, spec.id), result


def _ignore(spec: CellSpec, done: int, total: int) -> None:
    """Steps are not sent to the driver."""
