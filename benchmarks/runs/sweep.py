"""The order in which cells run, and which of them run again; an executor runs them."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from benchmarks.executors.executor import Executor
from benchmarks.runs.display import outcome
from benchmarks.runs.interrupt import interruptible
from benchmarks.runs.timing_rounds import timing_rounds
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.result import CellResult, Status
from benchmarks.store.files import GoneError
from benchmarks.store.results import DamagedError, Store, Stores


class Observer(Protocol):
    """Receives each event of a sweep: a terminal display or an event log."""

    def step(self, spec: CellSpec, done: int, total: int) -> None:
        """Note that a running cell has taken `done` of `total` training steps; 0 of 0: it has begun."""

    def ended(self, spec: CellSpec, outcome: str, result: CellResult | None = None) -> None:
        """Note that a cell has ended; without a result, it had a good one before."""

    def again(self, spec: CellSpec, outcome: str) -> None:
        """Note that a cell has ended, and will run again."""

    def say(self, line: str) -> None:
        """Show a line about anything else."""


class Outcomes(Counter[Status]):
    """Number of cells by status: all of them, or fewer if the user asked for an end.

    Attributes:
        stopped: whether the user asked for an end, even if every cell has ended.
    """

    stopped = False


def sweep(
    specs: Sequence[CellSpec],
    store: Store | Stores,
    executor: Executor,
    observer: Observer,
    *,
    retries: int = 0,
    is_held: Callable[[], bool] = lambda: True,
    finished: Callable[[Path, int], None] = lambda folder, done: None,
) -> Outcomes:
    """Run the cells that have no good result yet.

    Args:
        specs: the planned cells; those that count come before their deep audits.
        store: the results folder, or one for each dataset; this process holds their locks.
        executor: runs them.
        observer: receives every event.
        retries: how many times a crashed cell is run again.
        is_held: returns whether this process still holds the folder, see `hold`.
        finished: called after each cell that ran, with its results folder and the number of cells that ended there.

    Returns:
        How the cells ended.

    Raises:
        KeyboardInterrupt: the user wants an end now; finished cells are in the store.
        StoreError: the store holds results of another version, can no longer be written to, or is gone.
    """
    outcomes = Outcomes()
    ended: Counter[Path] = Counter()
    with interruptible("finishing the running cells; Ctrl-C again stops now") as stopping:
        for stage in _stages(specs):
            ready: list[CellSpec] = []
            for spec in stage:
                if _is_done(spec, store.of(spec), observer):
                    outcomes["ok"] += 1
                    ended[store.of(spec).folder] += 1
                    observer.ended(spec, "already done")
                elif reason := _obstacle(spec, store.of(spec)):
                    outcomes["skipped"] += 1
                    skipped = CellResult(spec=spec, status="skipped", reason=reason)
                    ended[store.of(spec).folder] += 1
                    store.of(spec).write_result(skipped)
                    observer.ended(spec, outcome(skipped), skipped)
                else:
                    ready.append(spec)
            for result in _with_retries(ready, executor, observer, stopping, retries):
                folder = store.of(result.spec).folder
                if not is_held():
                    raise GoneError(f"{folder} was deleted, moved or replaced during the run")
                outcomes[result.status] += 1
                ended[folder] += 1
                observer.ended(result.spec, outcome(result), result)
                finished(folder, ended[folder])
            timing_rounds(stage, store, executor, observer, stopping)
        outcomes.stopped = stopping()
    return outcomes


def _stages(specs: Sequence[CellSpec]) -> Iterator[list[CellSpec]]:
    """Yield the cells that count, then their deep audits, which read their results; both device by device.

    Cells of different devices never run side by side: one on the CPU wants all processors of the machine.
    """
    for counts in (True, False):
        for device in dict.fromkeys((spec.device, spec.devices) for spec in specs):
            yield [
                spec for spec in specs if (spec.role == "result") == counts and (spec.device, spec.devices) == device
            ]


def _is_done(spec: CellSpec, store: Store, observer: Observer) -> bool:
    """Whether the cell has a good result, measured as wanted, with readable scores; name and set aside damage."""
    try:
        result = store.read_result(spec.id)
        if result is None or not result.predicts(spec):
            return False
        store.read_predictions(spec.id)
        if store.has_validation(spec.id):
            store.read_validation(spec.id)
        store.remove_checkpoint(spec.id)  # of a process that was killed between its result and this
    except DamagedError as error:
        observer.say(f"{error}; {store.set_aside(error.path)}; the cell runs again")
        store.remove_result(spec.id)
        return False
    return result.answers(spec)


def _obstacle(spec: CellSpec, store: Store) -> str:
    """Why the cell would be of no use; "" if it would be of use."""
    if spec.role != "repeated":
        return ""
    original = store.read_result(spec.original.id)
    if original is None or original.status == "ok":
        return ""
    return f"there is nothing to repeat: {spec.original.id} ended {original.status}"


def _with_retries(
    specs: Sequence[CellSpec], executor: Executor, observer: Observer, stopping: Callable[[], bool], retries: int
) -> Iterator[CellResult]:
    """Yield each cell's last result; crashed cells run again when all others are done."""
    for left in range(retries, -1, -1):
        crashed = []
        pending = itertools.takewhile(lambda _: not stopping(), specs)
        for result in executor.run(pending, observer.step):
            if result.status == "crashed" and left and not stopping():
                observer.again(result.spec, f"{outcome(result)}; it will be run again")
                crashed.append(result.spec)
            else:
                yield result
        specs = crashed
