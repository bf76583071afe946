"""What every executor does: run cells and yield their results."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from benchmarks.schema.cell import CellSpec
from benchmarks.schema.result import CellResult

Progress = Callable[[CellSpec, int, int], None]
"""Called with a running cell and its training steps, done and planned; with 0 and 0 when it begins."""


class Executor(Protocol):
    """Runs cells somewhere: on this machine, on a cluster."""

    def run(self, specs: Iterable[CellSpec], progress: Progress) -> Iterator[CellResult]:
        """Run cells, all on the same device or as many of them, and yield each result, whatever it is, once it is in
        the driver's store.

        `specs` is asked for the next cell only when there is room to run it: it may end early, when the user has asked
        for an end, and the cells that run by then are still waited for.

        Raises:
            KeyboardInterrupt: the user wants an end now; cells that ran are ended, and recorded as interrupted.
            WriteError: the store can no longer be written to; cells that ran are ended.
        """
