"""Runs cells on a Ray cluster, each as a task that claims its processors and its GPU.

On the machine that Ray chooses, a cell runs as it would locally: in a process of its own, over a store of its own,
which is packed and unpacked into the driver's. The cluster's machines need the same environment as the driver (Python,
Ray and the pinned packages); this project's code is sent to them.

Only a command that is told to use Ray imports this module.
"""

import logging
import os
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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

from benchmarks.errors import UsageError
from benchmarks.executors.executor import Progress
from benchmarks.executors.local import LocalExecutor, Work
from benchmarks.hardware.origin import CHECKOUT, PACKAGES
from benchmarks.hardware.slots import check_devices, share
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.result import CellResult, Status
from benchmarks.store.packing import Files, pack_cell, pack_data, pack_plugins, unpack
from benchmarks.store.results import Store, StoreError
from models.model import Runtime

LOST = (LocalRayletDiedError, NodeDiedError, ObjectLostError, WorkerCrashedError)
"""What Ray raises when a machine, or Ray's process on it, is gone: no fault of the cell's."""

LOSSES = 3
"""How many times a cell is run again because its machine was lost."""

CONNECT_SECONDS = 10.0

Machine = Mapping[str, float]
"""What a machine of the cluster has in all: "CPU", "GPU"."""


def connect(address: str | None) -> None:
    """Join the cluster at `address`; None: at `RAY_ADDRESS`, else this machine's, else one started for this run.

    Raises:
        UsageError: nothing answers there.
    """
    _check_answers(address or os.environ.get("RAY_ADDRESS", ""))
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    code = [str(CHECKOUT / package) for package in PACKAGES]
    try:
        ray.init(
            address,
            runtime_env={"py_modules": code},
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UsageError(f"--ray-address {address or 'auto'!r}: {reason}") from None


def _check_answers(address: str) -> None:
    """Find out at once what Ray would find out after minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdecimal():
        return  # "auto", "local": found on this machine
    try:
        socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise UsageError(f"--ray-address {address!r}: nothing answers there ({error})") from None


def resolve_runtime(device: str, precision: str, devices: int = 1, cpus: int | None = None) -> Runtime:
    """What a device and a precision, both perhaps "auto", mean on the cluster: a GPU, if any of its machines has one.

    Args:
        devices: of a cell, all in one machine.
        cpus: processors of a cell; None: see `claim`.

    Raises:
        UsageError: it has no such device, or no machine has so many, or the device no such precision.
    """
    gpu = device != "cpu" and any(machine.get("GPU", 0) >= 1 for machine in alive_machines())
    if device == "cuda" and not gpu:
        raise UsageError("--device 'cuda': no machine of the Ray cluster has a GPU (choices: auto, cpu)")
    if gpu:
        most = max(int(machine.get("GPU", 0)) for machine in alive_machines())
        check_devices(devices, most, "GPUs", "the largest machine of the Ray cluster")
    else:
        check_devices(devices, claim("cpu", alive_machines(), cpus)["num_cpus"], "processors", "the Ray cluster")
    task = ray.remote(_resolve_here).options(num_cpus=0 if gpu else 1, num_gpus=int(gpu))
    try:
        resolved: Runtime = ray.get(task.remote("cuda" if gpu else "cpu", precision))
    except RayTaskError as error:
        if isinstance(error.cause, UsageError):
            raise error.cause from None
        raise
    return replace(resolved, devices=devices)


@dataclass(frozen=True)
class RayExecutor:
    """Runs cells on the cluster that `connect` has joined.

    Attributes:
        store: the driver's; results go there, and it holds the cells' data.
        work: what a cell's process does; a function of a module that the cluster's machines can import.
        preload: modules imported once by each of Ray's processes, for the cells that are forked from it.
        timeout: seconds after which a cell is ended; None never ends one.
        cpus: processors of a cell; None: as many as the smallest machine has, or has for each of its GPUs.
    """

    store: Store
    work: Work
    preload: Sequence[str] = ()
    timeout: float | None = None
    cpus: int | None = None

    def run(self, specs: Iterable[CellSpec], progress: Progress) -> Iterator[CellResult]:
        """Run the cells; see `sweep.Executor`. `progress` is not told of their steps."""
        waiting = iter(specs)
        running: dict[ray.ObjectRef[Files], CellSpec] = {}
        data: dict[str, ray.ObjectRef[Files]] = {}
        losses: Counter[str] = Counter()
        try:
            while True:
                while len(running) <= self._room(running.values()) and (spec := next(waiting, None)):
                    self.store.clear_cell(spec.id)
                    running[self._submit(spec, data)] = spec
                if not running:
                    return
                (ended, *_), _ = ray.wait(list(running))
                spec = running.pop(ended)
                try:
                    files = ray.get(ended)
                except LOST as error:
                    losses[spec.id] += 1
                    if losses[spec.id] <= LOSSES:
                        running[self._submit(spec, data)] = spec
                    else:
                        reason = f"its machine was lost {losses[spec.id]} times ({type(error).__name__})"
                        yield self._record(spec, "crashed", reason)
                except OutOfMemoryError:
                    yield self._record(spec, "out_of_memory", "ended by Ray because its machine's memory ran out")
                except RayError as error:
                    yield self._record(spec, "failed", _reason(error))
                else:
                    yield self._keep(spec, files, losses[spec.id])
        except (KeyboardInterrupt, GeneratorExit) as error:
            for spec in running.values():
                self._record(spec, "interrupted", str(error) or "stopped by the user")
            raise
        finally:
            for task in running:
                ray.cancel(task, force=True)  # a cell ends with the process that started it

    def _room(self, running: Iterable[CellSpec]) -> int:
        """How many cells the cluster runs at once. One more waits in Ray's queue: an autoscaler sees that there is
        more to do.
        """
        spec = next(iter(running), None)
        return 0 if spec is None else capacity(self._claim(spec), alive_machines())

    def _claim(self, spec: CellSpec) -> dict[str, int]:
        return claim(spec.device, alive_machines(), self.cpus, spec.devices)

    def _submit(self, spec: CellSpec, data: "dict[str, ray.ObjectRef[Files]]") -> "ray.ObjectRef[Files]":
        if spec.data_fingerprint not in data:
            data[spec.data_fingerprint] = ray.put(pack_data(self.store, spec.data_fingerprint))
        plugins = pack_plugins(self.store, spec)
        original = pack_cell(self.store, spec.original.id) if spec.role == "repeated" else {}
        claimed = self._claim(spec)
        task = ray.remote(_run_here).options(**claimed, max_retries=0, name=spec.id)
        reference: ray.ObjectRef[Files] = task.remote(
            spec, self._local, max(1, claimed["num_cpus"]), data[spec.data_fingerprint], {**plugins, **original}
        )
        return reference

    @property
    def _local(self) -> LocalExecutor:
        return LocalExecutor(self.store, self.work, self.preload, self.timeout)

    def _keep(self, spec: CellSpec, files: Files, losses: int) -> CellResult:
        log = f"cells/{spec.id}/log.txt"
        if losses:
            note = f"[the machine of this cell was lost, and it was run again: {losses} time(s)]\n"
            files = {**files, log: note.encode() + files.get(log, b"")}
        unpack(self.store, files)
        try:
            result = self.store.read_result(spec.id)
        except StoreError as error:
            return self._record(spec, "failed", str(error))
        return result or self._record(spec, "crashed", "came back without a result")

    def _record(self, spec: CellSpec, status: Status, reason: str) -> CellResult:
        result = CellResult(spec=spec, status=status, reason=reason)
        self.store.write_result(result)
        return result


def claim(device: str, machines: Sequence[Machine], cpus: int | None = None, devices: int = 1) -> dict[str, int]:
    """What a cell claims, as Ray names it, so that every machine with the device has room for it.

    Without `cpus`, that is all processors of the smallest machine, or its share of them for each GPU: on machines that
    are alike, no cell is measured beside another on the same processors. With several `devices`, as many GPUs of one
    machine.
    """
    if device == "cuda":
        found = [machine for machine in machines if machine.get("GPU", 0) >= devices]
        shares = [int(machine.get("CPU", 0) * devices // machine["GPU"]) for machine in found]
        return {"num_cpus": min(shares, default=1) if cpus is None else cpus, "num_gpus": devices}
    sizes = [int(machine["CPU"]) for machine in machines if machine.get("CPU", 0) >= 1]
    return {"num_cpus": min(sizes, default=1) if cpus is None else cpus, "num_gpus": 0}


def capacity(claimed: Mapping[str, int], machines: Iterable[Machine]) -> int:
    """How many cells with such a claim run at once."""
    wanted = [(claimed["num_cpus"], "CPU"), (claimed["num_gpus"], "GPU")]
    return sum(
        min(int(machine.get(resource, 0) // number) for number, resource in wanted if number) for machine in machines
    )


def run_cell(spec: CellSpec, store: Store, progress: Callable[[int, int], None]) -> None:
    """`execution.run_cell`, imported by cells' processes only: Ray's own stay small."""
    from benchmarks.cells import run_cell as execution

    execution.run_cell(spec, store, progress)


def _run_here(spec: CellSpec, executor: LocalExecutor, cpus: int, data: Files, own: Files) -> Files:
    """Run a cell on the machine that this task was sent to; what it left."""
    main: Any = sys.modules["__main__"]
    main.__file__ = None  # Ray's worker; the cell's process would run it, and import Ray
    gpus = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if spec.device == "cuda" else []
    slots = share(cpus, gpus)
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        store = Store(Path(folder))
        unpack(store, {**data, **own})
        for _ in replace(executor, store=store, slots=slots).run([spec], _ignore):
            pass
        return pack_cell(store, spec.id)


def _ignore(spec: CellSpec, done: int, total: int) -> None:
    """Steps are not sent to the driver."""


def _resolve_here(device: str, precision: str) -> Runtime:
    from benchmarks.hardware import device as this_machine

    return this_machine.resolve_runtime(device, precision)


def alive_machines() -> list[Machine]:
    """What each machine of the cluster has in all."""
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def _reason(error: RayError) -> str:
    cause = error.cause if isinstance(error, RayTaskError) else error
    return f"{type(cause).__name__}: {cause}".strip().splitlines()[0]
