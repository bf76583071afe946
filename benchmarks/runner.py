"""Runs cells on this machine, one after another, each in a process of its own that leaves a row whatever happens."""

import contextlib
import errno
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from benchmarks.cell import CellResult, CellSpec, Status
from benchmarks.memory import kernel_kills
from benchmarks.store import Store, StoreError
from benchmarks.sweep import Progress

Work = Callable[[CellSpec, Store, Callable[[int, int], None]], None]
"""What a cell's process does: leave an "ok" result in the store, or raise."""

OUT_OF_MEMORY = ("DefaultCPUAllocator: can't allocate memory", "CUDA error: out of memory", "ALLOC_FAILED")
"""What errors say that are out of memory by their message alone: torch's on the CPU, CUDA's outside its allocator."""


@dataclass(frozen=True)
class LocalExecutor:
    """Runs cells on this machine.

    Attributes:
        store: where results go; it holds the cells' data.
        work: what a cell's process does; a module's function.
        preload: modules imported once, by the process that cells are forked from.
        timeout: seconds after which a cell is ended; None never ends one.
    """

    store: Store
    work: Work
    preload: Sequence[str] = ()
    timeout: float | None = None

    def run(self, specs: Iterable[CellSpec], progress: Progress) -> Iterator[CellResult]:
        """Run the cells one after another; see `sweep.Executor`."""
        for spec in specs:
            progress(spec, 0, 0)
            yield self.run_one(spec, partial(progress, spec))

    def run_one(self, spec: CellSpec, progress: Callable[[int, int], None]) -> CellResult:
        """Run one cell; when this returns, its result is in the store, whatever happened.

        Raises:
            KeyboardInterrupt: the user asked to stop; the cell is ended, and recorded as interrupted.
            WriteError: the store can no longer be written to; the cell is ended.
        """
        self.store.clear_cell(spec.id)
        kills = kernel_kills()
        process = CellProcess(spec, self.store, self.work, self.preload)
        try:
            try:
                process.start()
                finished = process.watch(progress, self.timeout)
            finally:
                process.kill()
        except KeyboardInterrupt as error:
            self._record(spec, "interrupted", str(error) or "stopped by the user")
            raise
        if not finished:
            return self._record(spec, "timeout", f"not finished after {self.timeout:g} s")
        if process.fault:
            return self._record(spec, *process.fault)
        try:
            result = self.store.read_result(spec.id)
        except StoreError as error:
            return self._record(spec, "failed", str(error))
        return result or self._record(spec, *_death(process.exit_code, killed_by_kernel=kernel_kills() != kills))

    def _record(self, spec: CellSpec, status: Status, reason: str) -> CellResult:
        result = CellResult(spec=spec, status=status, reason=reason)
        self.store.write_result(result)
        return result


class CellProcess:
    """A cell in a process of its own, which leads a process group of its own and ends when this process does.

    Attributes:
        fault: what the cell said of an exception that ended it.
    """

    def __init__(self, spec: CellSpec, store: Store, work: Work, preload: Sequence[str]) -> None:
        self.fault: tuple[Status, str] | None = None
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(preload))
        self._receiver, self._sender = multiprocessing.Pipe(duplex=False)
        self._process: BaseProcess = context.Process(target=_cell_process, args=(spec, store, work, self._sender))

    def start(self) -> None:
        """Begin."""
        self._process.start()
        self._sender.close()

    @property
    def exit_code(self) -> int | None:
        """The process's exit status, or minus the number of the signal that ended it."""
        return self._process.exitcode

    def watch(self, progress: Callable[[int, int], None], timeout: float | None) -> bool:
        """Pass on the cell's progress until it ends; False if it has not after `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        listening: list[Connection | int] = [self._process.sentinel, self._receiver]
        while True:
            remaining = None if deadline is None else max(0.0, deadline - time.monotonic())
            ready = wait(listening, remaining)
            if not ready:
                return False
            if self._receiver in ready:
                try:
                    self._hear(json.loads(self._receiver.recv_bytes()), progress)
                except EOFError:
                    listening.remove(self._receiver)
            else:
                self._process.join()
                return True

    def _hear(self, message: Any, progress: Callable[[int, int], None]) -> None:
        match message:
            case [int(done), int(total)]:
                progress(done, total)
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


def _death(exit_code: int | None, *, killed_by_kernel: bool) -> tuple[Status, str]:
    """What a process that left neither a result nor a fault died of."""
    if exit_code == -signal.SIGKILL and killed_by_kernel:
        return "out_of_memory", "killed by the operating system (SIGKILL) because memory ran out"
    if exit_code is not None and exit_code < 0:
        return "crashed", f"killed by {signal.Signals(-exit_code).name}"
    return "crashed", f"ended without a result (exit status {exit_code})"


def _cell_process(spec: CellSpec, store: Store, work: Work, sender: Connection) -> None:
    """The whole life of a cell's process."""
    os.setsid()
    parent = multiprocessing.parent_process()
    if parent is None or not parent.is_alive():
        return  # it was killed while this process was on its way
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    try:
        _redirect_output(store.cell_folder(spec.id) / "log.txt")
        work(spec, store, lambda done, total: sender.send_bytes(json.dumps([done, total]).encode()))
    except Exception as error:  # noqa: BLE001  (a fault of any kind must not lose the other cells' work)
        sender.send_bytes(json.dumps(_fault(error)).encode())
        with contextlib.suppress(OSError):  # a full disk takes no log either
            traceback.print_exc()


def _end_with(parent: BaseProcess) -> None:
    """Without the process that started it, a cell must not go on writing: the next run may already be at work."""
    parent.join()
    os.killpg(0, signal.SIGKILL)


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
