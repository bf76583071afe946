"""Runs cells on this machine, each in a process of its own that leaves a row whatever happens."""

import contextlib
import errno
import json
import math
import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from benchmarks.executors.executor import Progress
from benchmarks.hardware.process_group import end_with
from benchmarks.hardware.slots import Slot, Slots, grouped, share, threads
from benchmarks.measurement.memory import kernel_kills
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.result import CellResult, Status
from benchmarks.store.results import Store, StoreError

Work = Callable[[CellSpec, Store, Callable[[int, int], None]], None]
"""What a cell's process does: leave an "ok" result in the store, or raise."""

OUT_OF_MEMORY = (
    "DefaultCPUAllocator: can't allocate memory",
    "CUDA error: out of memory",
    "ALLOC_FAILED",
    "MemoryError: ",
)
"""What errors say that are out of memory by their message alone: torch's on the CPU, CUDA's outside its allocator, and
what `ranks` says of an error in one of several processes."""


@dataclass(frozen=True)
class LocalExecutor:
    """Runs cells on this machine, one at a time in each of its slots.

    Attributes:
        store: where results go; it holds the cells' data.
        work: what a cell's process does; a module's function.
        preload: modules imported once, by the process that cells are forked from.
        timeout: seconds after which a cell is ended; None never ends one.
        slots: of each device.
    """

    store: Store
    work: Work
    preload: Sequence[str] = ()
    timeout: float | None = None
    slots: Slots = field(default_factory=lambda: share(threads()))

    def run(self, specs: Iterable[CellSpec], progress: Progress) -> Iterator[CellResult]:
        """Run the cells; see `sweep.Executor`."""
        waiting = iter(specs)
        running: list[CellProcess] = []
        try:
            while True:
                while self._has_room(running) and (spec := next(waiting, None)):
                    progress(spec, 0, 0)
                    running.append(self._start(spec, running))
                if not running:
                    return
                for process in _wait_for_any(running, progress):
                    running.remove(process)
                    process.kill()  # and what it left running
                    yield self._result(process)
        except (KeyboardInterrupt, GeneratorExit) as error:
            for process in running:
                process.kill()
                self._record(process.spec, "interrupted", str(error) or "stopped by the user")
            raise
        finally:
            for process in running:
                process.kill()

    def _has_room(self, running: Sequence["CellProcess"]) -> bool:
        return not running or len(running) < len(self._slots(running[0].spec))

    def _slots(self, spec: CellSpec) -> Sequence[Slot]:
        return grouped(self.slots[spec.device], spec.devices)

    def _start(self, spec: CellSpec, running: Sequence["CellProcess"]) -> "CellProcess":
        taken = [process.slot for process in running]
        slot = next(slot for slot in self._slots(spec) if slot not in taken)
        self.store.clear_cell(spec.id)
        process = CellProcess(spec, self.store, self.work, self.preload, slot, self.timeout)
        process.start()
        return process

    def _result(self, process: "CellProcess") -> CellResult:
        """The result of a cell that is over; it is in the store, whatever happened."""
        spec = process.spec
        if process.timed_out:
            return self._record(spec, "timeout", f"not finished after {self.timeout:g} s")
        if process.fault:
            return self._record(spec, *process.fault)
        try:
            result = self.store.read_result(spec.id)
        except StoreError as error:
            return self._record(spec, "failed", str(error))
        return result or self._record(spec, *process.death())

    def _record(self, spec: CellSpec, status: Status, reason: str) -> CellResult:
        result = CellResult(spec=spec, status=status, reason=reason)
        self.store.write_result(result)
        return result


class CellProcess:
    """A cell in a process of its own, which leads a process group of its own and ends when this process does.

    Attributes:
        spec: the cell.
        slot: its share of the machine.
        deadline: when its time is up, by `time.monotonic`.
        timed_out: whether it was not over by then.
        fault: what it said of an exception that ended it.
    """

    def __init__(
        self, spec: CellSpec, store: Store, work: Work, preload: Sequence[str], slot: Slot, timeout: float | None
    ) -> None:
        self.spec = spec
        self.slot = slot
        self.deadline = math.inf
        self.timed_out = False
        self.fault: tuple[Status, str] | None = None
        self._timeout = math.inf if timeout is None else timeout
        self._kernel_kills = kernel_kills()
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(preload))
        self._receiver, self._sender = multiprocessing.Pipe(duplex=False)
        self._process: BaseProcess = context.Process(target=_cell_process, args=(spec, store, work, slot, self._sender))
        self.listening: list[Connection | int] = [self._receiver]

    def start(self) -> None:
        """Begin."""
        self._process.start()
        self._sender.close()
        self.listening.append(self._process.sentinel)
        self.deadline = time.monotonic() + self._timeout

    def is_over(self, ready: Container[object], progress: Progress) -> bool:
        """Pass on what the cell says, if it is among the `ready`; whether it has ended, or its time has."""
        if self._receiver in ready:
            try:
                self._hear(json.loads(self._receiver.recv_bytes()), progress)
            except EOFError:
                self.listening.remove(self._receiver)
        elif self._process.sentinel in ready:
            self._process.join()
            return True
        self.timed_out = time.monotonic() >= self.deadline
        return self.timed_out

    def _hear(self, message: Any, progress: Progress) -> None:
        match message:
            case [int(done), int(total)]:
                progress(self.spec, done, total)
            case [status, reason]:
                self.fault = status, reason

    def kill(self) -> None:
        """End the cell, if it has not ended, and whatever it started and left running: they share a process group."""
        self._receiver.close()
        if self._process.pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()  # it may not yet have made its group
        self._process.join()

    def death(self) -> tuple[Status, str]:
        """What the cell died of, if it left neither a result nor a fault."""
        return _death(self._process.exitcode, killed_by_kernel=kernel_kills() != self._kernel_kills)


def _wait_for_any(running: Sequence[CellProcess], progress: Progress) -> list[CellProcess]:
    """Pass on the cells' progress until some are over; those."""
    while True:
        earliest = min(process.deadline for process in running)
        remaining = None if earliest == math.inf else max(0.0, earliest - time.monotonic())
        ready = wait([each for process in running for each in process.listening], remaining)
        if over := [process for process in running if process.is_over(ready, progress)]:
            return over


def _death(exit_code: int | None, *, killed_by_kernel: bool) -> tuple[Status, str]:
    """What a process that left neither a result nor a fault died of."""
    if exit_code == -signal.SIGKILL and killed_by_kernel:
        return "out_of_memory", "killed by the operating system (SIGKILL) because memory ran out"
    if exit_code is not None and exit_code < 0:
        return "crashed", f"killed by {signal.Signals(-exit_code).name}"
    return "crashed", f"ended without a result (exit status {exit_code})"


def _cell_process(spec: CellSpec, store: Store, work: Work, slot: Slot, sender: Connection) -> None:
    """The whole life of a cell's process."""
    os.setsid()
    parent = multiprocessing.parent_process()
    if parent is None or not parent.is_alive():
        return  # it was killed while this process was on its way
    end_with(parent)
    os.environ.update(slot.environment())
    try:
        _redirect_output(store.cell_folder(spec.id) / "log.txt")
        work(spec, store, lambda done, total: sender.send_bytes(json.dumps([done, total]).encode()))
    except Exception as error:  # noqa: BLE001  (a fault of any kind must not lose the other cells' work)
        sender.send_bytes(json.dumps(_fault(error)).encode())
        with contextlib.suppress(OSError):  # a full disk takes no log either
            traceback.print_exc()


def _fault(error: Exception) -> tuple[Status, str]:
    reason = f"{type(error).__name__}: {error}".strip().splitlines()[0]
    out_of_memory = (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
        or any(sign in str(error) for sign in OUT_OF_MEMORY)
    )
    return ("out_of_memory" if out_of_memory else "failed"), reason


def _redirect_output(log: Path) -> None:
    """Send everything this process prints, C libraries' messages included, to the cell's log."""
    with log.open("w") as file:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            os.dup2(file.fileno(), stream.fileno())
