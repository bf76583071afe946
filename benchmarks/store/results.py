"""A results folder.

<folder>/run.json                      what was run, on which machine
<folder>/data/<fingerprint>.parquet    the prepared splits: split, row, label, length, text, group
<folder>/plugins/<sha256>.py           the plug-ins that it was run with
<folder>/cells/<cell-id>/result.json   a CellResult
<folder>/cells/<cell-id>/predictions.parquet   row, label, length, probability_0 .. probability_<C-1>
<folder>/cells/<cell-id>/validation.parquet    the same columns for the validation rows
<folder>/cells/<cell-id>/explanations.json     the words behind its most confident mistakes
<folder>/cells/<cell-id>/log.txt, model/
<folder>/cells/<cell-id>/engines/      what engines left: results, predictions, networks; and results of load tests
<folder>/cells/<cell-id>/checkpoint.safetensors   during a long training, or after an interrupted one
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from benchmarks.schema.cell import CellSpec
from benchmarks.store.cells import CELL_ID, remove_temporary
from benchmarks.store.data import DataFiles
from benchmarks.store.engines import EngineFiles
from benchmarks.store.files import DamagedError, StoreError, WriteError, make_folder, naming, remove_abandoned
from benchmarks.store.run_record import RUN_KEYS, RunRecord

__all__ = ["CELL_ID", "RUN_KEYS", "DamagedError", "Store", "StoreError", "Stores", "WriteError"]


@dataclass(frozen=True)
class Store(RunRecord, DataFiles, EngineFiles):
    """One results folder: the record of its run, the data and plug-ins that cells read, and the cells."""

    def of(self, spec: CellSpec) -> "Store":
        """Return the folder of a cell's result: this one."""
        return self

    def create(self) -> None:
        """Make the folder, if it is not there.

        Raises:
            WriteError: it cannot be made.
        """
        with naming(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)

    def clear_temporary(self) -> None:
        """Remove temporary files of the run, data and plug-ins that killed runs left; `clear_cell` does so for a cell.

        Raises:
            WriteError: one cannot be removed.
        """
        remove_abandoned(self.folder)  # a `report`, which takes no lock, may be writing
        for folder in (self.folder / "data", self.folder / "plugins"):
            with naming(folder):
                if not folder.is_symlink():
                    remove_temporary(folder)

    def set_aside(self, path: Path) -> str:
        """Rename a damaged file, so that nothing reads or overwrites it.

        Returns:
            What was done.

        Raises:
            WriteError: it cannot be renamed.
        """
        make_folder(path.parent, self.folder)
        suffixes = chain(["damaged"], (f"damaged-{n}" for n in count(2)))
        names = (path.with_name(f"{path.name}.{suffix}") for suffix in suffixes)
        kept = next(name for name in names if not name.exists())
        with naming(path):
            if not path.exists():
                return "nothing is left of it"
            path.rename(kept)
        return f"kept as {kept.name}"


@dataclass(frozen=True)
class Stores:
    """The results folders of several datasets, whose cells are scheduled together.

    Attributes:
        by_data: fingerprint of the data -> the folder of its results.
    """

    by_data: Mapping[str, Store]

    def of(self, spec: CellSpec) -> Store:
        """Return the folder of a cell's result."""
        return self.by_data[spec.data_fingerprint]
