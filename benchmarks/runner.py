"""Runs cells one after another, each in a process of its own, and leaves a row for every one of them."""

import multiprocessing
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from benchmarks.cell import CellResult, CellSpec, Status
from benchmarks.store import Store
from benchmarks.suite import Measure

PRELOAD = ["benchmarks.execution", "transformers.models.distilbert.modeling_distilbert", "sklearn.linear_model"]
"""Imported once, by the process that cells are forked from: a cell then starts in a tenth of a second, not in five."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Runner:
    """What the cells of one run share.

    Attributes:
        store: where results go; it holds the cells' data.
        measure: how inference is measured.
        environment: recorded with cells that could not record it themselves.
        timeout: seconds after which a cell is ended; None never ends one.
    """

    store: Store
    measure: Measure
    timeout: float | None = None

    def run(self, spec: CellSpec, progress: Progress) -> CellResult:
        """Run one cell; when this returns, its result is in the store, whatever happened.

        Raises:
            KeyboardInterrupt: the user asked to stop; the cell is ended, and recorded as interrupted.
        """
        folder = self.store.cell_folder(spec.id)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "result.json").unlink(missing_ok=True)
        receiver, sender = multiprocessing.Pipe(duplex=False)
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(PRELOAD)
        process = context.Process(target=_cell_process, args=(spec, self.store, self.measure, sender))
        process.start()
        sender.close()
        try:
            finished = _watch(process, receiver, progress, self.timeout)
        except KeyboardInterrupt:
            _kill(process)
            self._record(spec, "interrupted", "stopped by the user")
            raise
        if not finished:
            _kill(process)
            return self._record(spec, "timeout", f"not finished after {self.timeout:g} s")
        return self.store.read_result(spec.id) or self._record(spec, *_death(process.exitcode))

    def _record(self, spec: CellSpec, status: Status, reason: str) -> CellResult:
        result = CellResult(spec=spec, status=status, reason=reason)
        self.store.write_result(result)
        return result


def _watch(process: BaseProcess, receiver: Connection, progress: Progress, timeout: float | None) -> bool:
    """Pass on the cell's progress until it ends; False if it had not after `timeout` seconds."""
    deadline = None if timeout is None else time.monotonic() + timeout
    listening = [receiver]
    while True:
        remaining = None if deadline is None else max(0.0, deadline - time.monotonic())
        ready = wait([process.sentinel, *listening], remaining)
        if not ready:
            return False
        if receiver in ready:
            try:
                done, total = receiver.recv_bytes().split()
                progress(int(done), int(total))
            except EOFError:
                listening = []
        elif process.sentinel in ready:
            process.join()
            return True


def _kill(process: BaseProcess) -> None:
    """End the cell and whatever it started: they share a process group."""
    if process.pid is not None and process.is_alive():
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            process.kill()  # it had not yet made its group
    process.join()


def _death(exit_code: int | None) -> tuple[Status, str]:
    """What a process that left no result died of."""
    if exit_code == -signal.SIGKILL:
        return "out_of_memory", "killed by the operating system (SIGKILL), as it does when memory runs out"
    if exit_code is not None and exit_code < 0:
        return "crashed", f"killed by {signal.Signals(-exit_code).name}"
    return "crashed", f"ended without a result (exit status {exit_code})"


def _cell_process(spec: CellSpec, store: Store, measure: Measure, sender: Connection) -> None:
    """The whole life of a cell's process."""
    os.setsid()
    _redirect_output(store.cell_folder(spec.id) / "log.txt")
    from benchmarks.execution import run_cell

    try:
        run_cell(spec, store, measure, lambda done, total: sender.send_bytes(b"%d %d" % (done, total)))
    except Exception as error:  # noqa: BLE001  (a fault of any kind must not lose the other cells' work)
        traceback.print_exc()
        status, reason = _fault(error)
        store.write_result(CellResult(spec=spec, status=status, reason=reason))


def _fault(error: Exception) -> tuple[Status, str]:
    reason = f"{type(error).__name__}: {error}".strip().splitlines()[0]
    out_of_memory = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return ("out_of_memory" if out_of_memory else "failed"), reason


def _redirect_output(log: Path) -> None:
    """Send everything this process prints, C libraries' messages included, to the cell's log."""
    with log.open("w") as file:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            os.dup2(file.fileno(), stream.fileno())
