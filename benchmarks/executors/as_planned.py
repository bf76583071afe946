"""What the process of a cell does on any machine: the cell, by the code and the libraries it was planned with."""

from collections.abc import Callable

from benchmarks.registry.planned import check_planned
from benchmarks.schema.cell import CellSpec
from benchmarks.store.results import Store


def run_as_planned(spec: CellSpec, store: Store, progress: Callable[[int, int], None]) -> None:
    """Leave the result of a cell that trains, or of a cascade, in `store`.

    Modules that train are imported here only: those that start the processes of cells, such as Ray's, stay small.

    Raises:
        UsageError: the code or a library is another one than the cell was planned with.
    """
    from benchmarks.cells.cascades import run_cell_or_cascade
    from benchmarks.cells.preparation import adopt_plugins

    if not spec.stages:  # a cascade trains nothing; its stages have results
        adopt_plugins(spec, store)
        check_planned(spec.model, spec.loss, spec.code_version, spec.libraries)
    run_cell_or_cascade(spec, store, progress)
