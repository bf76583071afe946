"""The interface of executors, and the record of a cell that left no result."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from benchmarks.schema.cell import CellSpec
from benchmarks.schema.result import CellResult, Status
from benchmarks.store.results import Store, Stores

Progress = Callable[[CellSpec, int, int], None]
"""Called with a running cell and its training steps, done and planned; with 0 and 0 when it begins."""


class Executor(Protocol):
    """Runs cells somewhere: on this machine, on a cluster."""

    def run(self, specs: Iterable[CellSpec], progress: Progress) -> Iterator[CellResult]:
        """Run cells and yield each result, good or bad, once it is in the driver's store.

        Args:
            specs: the cells, all on the same device or on as many devices of a kind. The next one is asked for only
                when there is room to run it, so the iterator may end early, when the user has asked for an end; cells
                that run by then are still waited for.
            progress: called as cells begin and train.

        Raises:
            KeyboardInterrupt: the user wants an end now; running cells are ended, and recorded as interrupted.
            WriteError: the store can no longer be written to; running cells are ended.
        """


def record(store: Store | Stores, spec: CellSpec, status: Status, reason: str, detail: str = "") -> CellResult:
    """Return a result without figures; write it unless the store has a good one, kept for another measurement.

    Raises:
        WriteError: it cannot be written.
    """
    result = CellResult(spec=spec, status=status, reason=reason, detail=detail)
    own = store.of(spec)
    if own.good_result(spec) is None:
        own.write_result(result)
    return result
