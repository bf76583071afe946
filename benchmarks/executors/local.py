"""Run cells on this machine, each in its own process; every cell leaves a result, failed ones too."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import wait
from time import monotonic

from benchmarks.executors.cell_process import CellProcess, StartError, Work
from benchmarks.executors.executor import Progress, record
from benchmarks.hardware.slots import Slot, Slots, grouped, share, threads
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.result import CellResult
from benchmarks.store.results import Store, StoreError, Stores

LONGEST_WAIT = 3600.0
"""Seconds; the system call cannot wait for a month at a time."""


@dataclass(frozen=True)
class LocalExecutor:
    """Runs cells on this machine, one at a time in each of its slots.

    Attributes:
        store: where results go, one folder or one for each dataset; it holds the cells' data.
        work: run by the process of a cell; a module's function.
        preload: modules imported once, by the process that cells are forked from.
        timeout: seconds after which a cell is ended; None never ends one.
        slots: of each device.
    """

    store: Store | Stores
    work: Work
    preload: Sequence[str] = ()
    timeout: float | None = None
    slots: Slots = field(default_factory=lambda: share(threads()))

    def run(self, specs: Iterable[CellSpec], progress: Progress) -> Iterator[CellResult]:
        """Run the cells; see `Executor`."""
        waiting = iter(specs)
        running: list[CellProcess] = []
        try:
            while True:
                while self._has_room(running) and (spec := next(waiting, None)):
                    progress(spec, 0, 0)
                    try:
                        running.append(self._start(spec, running))
                    except StartError as error:
                        yield record(self.store, spec, "crashed", str(error))
                if not running:
                    return
                for process in wait_for_ended(running, progress):
                    running.remove(process)
                    process.kill()  # and every process that it started and left running
                    yield self._result(process)
        except (KeyboardInterrupt, GeneratorExit) as error:
            for process in running:
                process.kill()
                record(self.store, process.spec, "interrupted", str(error) or "stopped by the user")
            raise
        finally:
            for process in running:
                process.kill()

    def _has_room(self, running: Sequence[CellProcess]) -> bool:
        return not running or len(running) < len(self._slots(running[0].spec))

    def _slots(self, spec: CellSpec) -> Sequence[Slot]:
        return grouped(self.slots[spec.device], spec.devices)

    def _start(self, spec: CellSpec, running: Sequence[CellProcess]) -> CellProcess:
        taken = [process.slot for process in running]
        slot = next(slot for slot in self._slots(spec) if slot not in taken)
        own = self.store.of(spec)
        kept = own.clear_cell(spec)
        # A plug-in may change the working folder, to which the user's path is relative.
        store = replace(own, folder=own.folder.absolute())
        deadline = math.inf if self.timeout is None else monotonic() + self.timeout
        return CellProcess(spec, kept, store, self.work, self.preload, slot, deadline)

    def _result(self, process: CellProcess) -> CellResult:
        """Return the result of a cell that has ended, after recording one if there is none.

        A complete result counts even if the process was found too late, or ended badly after writing it.
        """
        spec = process.spec
        try:
            result = self.store.of(spec).read_result(spec.id)
        except StoreError as error:
            return record(self.store, spec, "failed", str(error))
        if result is not None and result.predicts(spec) and result != process.kept:
            return result
        if process.fault:
            return record(self.store, spec, *process.fault)
        if process.timed_out:
            return record(self.store, spec, "timeout", f"not finished after {self.timeout:g} s")
        return record(self.store, spec, *process.exit_reason())


def wait_for_ended(running: Sequence[CellProcess], progress: Progress) -> list[CellProcess]:
    """Wait until some of the processes have ended or run out of time, pass on their progress meanwhile, return them."""
    while True:
        remaining = min(process.deadline for process in running) - monotonic()
        listening = [each for process in running for each in process.listening]
        ready = wait(listening, min(max(0.0, remaining), LONGEST_WAIT))
        if ended := [process for process in running if process.has_ended(ready, progress)]:
            return ended
