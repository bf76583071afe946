"""The process of one cell: started, listened to, ended; and its whole life as seen from inside."""

import contextlib
import io
import json
import math
import os
import signal
import sys
import traceback
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from select import select
from time import monotonic, sleep
from typing import Any

import psutil

from benchmarks.errors import first_line
from benchmarks.executors.executor import Progress
from benchmarks.executors.faults import describe_exception, describe_exit
from benchmarks.executors.logs import configure_logging
from benchmarks.hardware.fork_server import SERVER_ENDED, fork_server
from benchmarks.hardware.process_group import end_group_if_orphaned, end_group_with_parent, end_orphans
from benchmarks.hardware.slots import Slot
from benchmarks.measurement.memory import kernel_kills
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.result import CellResult, Status
from benchmarks.store.files import open_log
from benchmarks.store.results import Store

Work = Callable[[CellSpec, Store, Callable[[int, int], None]], None]
"""Run by the process of a cell: leaves an "ok" result in the store, or raises."""

STARTS, PAUSE = 3, 0.2
"""Attempts to start a process, since the fork server may be killed meanwhile, and seconds after a failed one."""

GO = b"go"
"""Answer to a cell's first message, the process id of its fork server; without it the cell does nothing."""

BETWEEN_STEPS = 0.2
"""Seconds between two messages about training steps, at least."""


class StartError(RuntimeError):
    """The process of a cell cannot be started; the message is one line."""


class CellProcess:
    """The process of one cell; it leads its own process group and ends when the starting process ends.

    Attributes:
        spec: the cell.
        kept: its earlier good result, which is measured again; None for a new cell.
        slot: its share of the machine.
        deadline: when its time is up, by `time.monotonic`.
        timed_out: whether it was still running then.
        fault: status, reason and detail of the exception that ended it; None if none did.
        listening: objects to `wait` for.
    """

    def __init__(
        self,
        spec: CellSpec,
        kept: CellResult | None,
        store: Store,
        work: Work,
        preload: Sequence[str],
        slot: Slot,
        deadline: float,
    ) -> None:
        """Start the process.

        Raises:
            StartError: it cannot be started.
        """
        self.spec, self.kept, self.slot, self.deadline = spec, kept, slot, deadline
        self.timed_out = False
        self.fault: tuple[Status, str, str] | None = None
        self._kernel_kills = kernel_kills()
        self._server: psutil.Process | None = None
        self._process, self._connection = _started(spec, store, work, preload, slot)
        self.listening: list[Connection | int] = [self._connection, self._process.sentinel]

    def has_ended(self, ready: Container[object], progress: Progress) -> bool:
        """Pass on a message of the cell if it is `ready`; whether it has ended, or its time is up."""
        if self._connection in ready:
            try:
                self._receive(self._connection.recv_bytes(), progress)
            except (EOFError, OSError):
                self.listening.remove(self._connection)
        elif self._process.sentinel in ready:
            self._process.join()
            return True
        self.timed_out = monotonic() >= self.deadline
        return self.timed_out

    def _receive(self, message: bytes, progress: Progress) -> None:
        content: Any = json.loads(message)
        match content:
            case int(server):
                with contextlib.suppress(psutil.NoSuchProcess):
                    self._server = psutil.Process(server)
                self._connection.send_bytes(GO)
            case [int(done), int(total)]:
                progress(self.spec, done, total)
            case [status, reason, detail]:
                self.fault = status, reason, detail

    def kill(self) -> None:
        """End the cell if it runs, and every process that it started.

        Before the answer to its first message it ends by itself when the connection closes; later it leads its group.
        """
        self._connection.close()
        if self._process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.join()
        if self._server is not None:
            end_orphans(self._server)

    def exit_reason(self) -> tuple[Status, str]:
        """Return status and reason by the exit code of a process that reported neither result nor exception."""
        return describe_exit(self._process.exitcode, killed_by_kernel=kernel_kills() != self._kernel_kills)


def _started(
    spec: CellSpec, store: Store, work: Work, preload: Sequence[str], slot: Slot
) -> tuple[BaseProcess, Connection]:
    """The running process of a cell, and the connection to it.

    A process that was forked just before the fork server was killed never hears GO, and does nothing.
    """
    for _ in range(STARTS):
        ours, theirs = Pipe()
        try:
            process = fork_server(preload).Process(target=_live, args=(spec, store, work, slot, theirs))
            process.start()
        except SERVER_ENDED:
            ours.close()
            sleep(PAUSE)  # its death is seen by its connections first, and by the system's process table later
        else:
            return process, ours
        finally:
            theirs.close()
    raise StartError(f"the fork server ended {STARTS} times while it was to start this cell's process")


@dataclass
class Steps:
    """Tells the run of a cell's training steps; a message that it does not take at once is dropped.

    Steps are timed: a run that is stopped or busy must not hold them up.

    Attributes:
        connection: to the run.
    """

    connection: Connection
    _told: float = -math.inf

    def __call__(self, done: int, total: int) -> None:
        """Tell of `done` of `total` steps, unless the run was told a moment ago; of the last one in any case.

        Raises:
            OSError: the run has ended.
        """
        now = monotonic()
        if (done == total or now >= self._told + BETWEEN_STEPS) and select([], [self.connection], [], 0)[1]:
            self.connection.send_bytes(json.dumps([done, total]).encode())
            self._told = now


def _live(spec: CellSpec, store: Store, work: Work, slot: Slot, connection: Connection) -> None:
    """Run a cell in its process, then exit even if threads are still running."""
    os.setsid()
    end_group_with_parent()
    try:
        connection.send_bytes(json.dumps(os.getppid()).encode())
        connection.recv_bytes()
    except (EOFError, OSError):  # the process that wanted it has ended, or given up on it
        os._exit(0)
    os.environ.update(slot.environment())
    status = 0
    try:
        redirect_output(store, spec.id)
        work(spec, store, Steps(connection))
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException as error:  # noqa: BLE001  (a fault of any kind must not lose the other cells' work)
        status = 1
        with contextlib.suppress(OSError):  # the run has ended, or given up on the cell
            connection.send_bytes(json.dumps([*describe_exception(error), first_line(error)]).encode())
        with contextlib.suppress(OSError, ValueError):  # the disk is full, or a plug-in has closed the stream
            traceback.print_exc()
    flush_output()
    end_group_if_orphaned()
    os._exit(status)


def flush_output() -> None:
    """Write out everything that was printed; a plug-in may have closed or replaced the streams."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()


def redirect_output(store: Store, cell_id: str) -> None:
    """Send everything this process prints or logs, C libraries' messages included, to the end of the cell's log."""
    with open_log(store.log_path(cell_id)) as file:
        flush_output()
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # the log is UTF-8, whatever the user's terminal is
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    configure_logging()
