"""Rounds after a sweep in which cheap cells are timed in further processes, one process per cell in each round.

Rounds interleave the cells: a machine that slows down for a minute slows all of them alike, not one of them.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import Protocol

from benchmarks.executors.executor import Executor
from benchmarks.schema.cell import CellSpec
from benchmarks.store.results import DamagedError, Store, Stores


class Listener(Protocol):
    """Receives the events of the timing rounds."""

    def say(self, line: str) -> None:
        """Show a line."""


def timing_rounds(
    specs: Sequence[CellSpec],
    store: Store | Stores,
    executor: Executor,
    listener: Listener,
    stopping: Callable[[], bool],
) -> None:
    """Run cells again until each has been timed in as many processes as it wants; their predictions stay.

    A process that fails loses no reading of the others; its cell is tried again in the next round.

    Args:
        specs: cells of one stage of a sweep, which are done.
        store: the results folder, or one for each dataset.
        executor: runs cells.
        listener: receives the number of cells timed again, and those with too few processes.
        stopping: whether the user has asked for an end.
    """
    reasons: dict[str, str] = {}
    waiting = [spec for spec in specs if _lacks_process(spec, store.of(spec))]
    if waiting and not stopping():
        listener.say(f"timing {len(waiting)} cells in further processes, in rounds")
    for _ in range(max((spec.measure.processes for spec in waiting), default=0)):
        pending = itertools.takewhile(lambda _: not stopping(), waiting)
        for result in executor.run(pending, _ignore):  # what is good is in the store already
            reasons[result.spec.id] = f"{result.status}: {result.reason}" if result.reason else result.status
        waiting = [spec for spec in waiting if _lacks_process(spec, store.of(spec))]
        if not waiting or stopping():
            return
    for spec in waiting:
        reason = reasons.get(spec.id, "not run")
        listener.say(f"{spec.id}: timed in fewer than {spec.measure.processes} processes; the last one ended {reason}")


def _lacks_process(spec: CellSpec, store: Store) -> bool:
    try:
        result = store.read_result(spec.id)
    except DamagedError:
        return False  # the next run sets it aside and runs the cell again
    return result is not None and result.lacks_process(spec)


def _ignore(spec: CellSpec, done: int, total: int) -> None:
    """Show no steps: the cell is done."""
