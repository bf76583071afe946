"""The files of a cell."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from benchmarks.schema.cell import CellSpec
from benchmarks.schema.explanations import Explanations
from benchmarks.schema.result import CellResult
from benchmarks.store.files import (
    DamagedError,
    StoreError,
    make_folder,
    naming,
    read_bytes,
    remove,
    sync,
    write_text,
    writing,
    writing_folder,
)
from benchmarks.store.folder import Folder, check_version, first_error, read_frame, read_json, undamaged

VALIDATION_FILE = "validation.parquet"

CELL_ID = re.compile(r"[a-z0-9_]+-[a-z0-9_]+-n[0-9]{1,15}-s[0-9]{1,15}-[0-9a-f]{10}")


class CellFiles(Folder):
    """Results, predictions, explanations, models and checkpoints of the cells."""

    def cell_folder(self, cell_id: str) -> Path:
        """Folder of a cell's files.

        Raises:
            StoreError: `cell_id` is not of the form `CellSpec.id` yields.
        """
        if not CELL_ID.fullmatch(cell_id):
            raise StoreError(f"not a cell id: {cell_id!r}")
        return self.folder / "cells" / cell_id

    def clear_cell(self, spec: CellSpec) -> CellResult | None:
        """Prepare a cell's folder for a new attempt, so that no earlier result is taken for its own.

        The state of an unfinished training (`checkpoint.safetensors`) stays, and so does a good result that is to be
        measured again, or by another process. The log stays with either of them.

        Returns:
            The result that stays.

        Raises:
            WriteError: it cannot be prepared.
        """
        folder = self._made(spec.id)
        with naming(folder):
            remove_temporary(folder)
            sync(folder.parent)
        result = self.good_result(spec)
        if result is not None and (result.lacks_process(spec) or not result.answers(spec)):
            return result
        self.remove_result(spec.id)
        if not self.checkpoint_path(spec.id).exists():
            with naming(folder):
                self.log_path(spec.id).unlink(missing_ok=True)
        return None

    def remove_result(self, cell_id: str) -> None:
        """Delete a cell's result; its predictions and its model stay until they are replaced.

        Raises:
            WriteError: it cannot be removed.
        """
        folder = self._made(cell_id)
        with naming(folder):
            (folder / "result.json").unlink(missing_ok=True)
            sync(folder)

    def remove_cell(self, cell_id: str) -> None:
        """Delete everything of a cell.

        Raises:
            WriteError: it cannot be removed.
        """
        make_folder(self.folder / "cells", self.folder)
        folder = self.cell_folder(cell_id)
        with naming(folder):
            remove(folder)

    def write_result(
        self,
        result: CellResult,
        predictions: pd.DataFrame | None = None,
        explanations: Explanations | None = None,
    ) -> None:
        """Write a cell's predictions, explanations and, last, its result.

        A result on disk therefore means that the rest is there.

        Raises:
            WriteError: they cannot be written.
        """
        folder = self._made(result.spec.id)
        if predictions is not None:
            with writing(folder / "predictions.parquet") as path:
                predictions.to_parquet(path, index=False, write_page_checksum=True)
        if explanations is not None:
            write_text(folder / "explanations.json", f"{explanations.model_dump_json(indent=2)}\n")
        write_text(folder / "result.json", f"{result.model_dump_json(indent=2)}\n")

    def read_result(self, cell_id: str) -> CellResult | None:
        """A cell's result; None where there is none.

        Raises:
            DamagedError: the file is not a whole result of this cell.
            StoreError: it is not of this version, or cannot be read.
        """
        path = self.cell_folder(cell_id) / "result.json"
        try:
            content = read_json(path)
        except FileNotFoundError:
            return None
        check_version(path, content)
        try:
            result = CellResult.model_validate(content)
        except ValidationError as error:
            raise DamagedError(path, first_error(error)) from None
        if result.spec.id != cell_id:
            raise DamagedError(path, f"the result of {result.spec.id}")
        return result

    def good_result(self, spec: CellSpec) -> CellResult | None:
        """A good result of that cell, however it was measured; None where there is none that can be read."""
        try:
            result = self.read_result(spec.id)
        except StoreError:
            return None
        return result if result is not None and result.predicts(spec) else None

    def results(self) -> Iterator[CellResult]:
        """Every undamaged result, by cell id.

        Raises:
            StoreError: one is not of this version.
        """
        for folder in sorted((self.folder / "cells").glob("*/")):
            if CELL_ID.fullmatch(folder.name):
                with suppress(DamagedError):
                    if result := self.read_result(folder.name):
                        yield result

    def read_predictions(self, cell_id: str) -> pd.DataFrame:
        """A cell's predictions: row, label, length, probability_0 .. probability_<C-1>.

        Raises:
            DamagedError: the file is missing, or differs from what was written; every page has a checksum.
        """
        path = self.cell_folder(cell_id) / "predictions.parquet"
        with undamaged(path):
            return read_frame(path)

    def write_validation(self, cell_id: str, predictions: pd.DataFrame) -> None:
        """Write the model's own probabilities of the validation rows, before the cell's result.

        Raises:
            WriteError: they cannot be written.
        """
        with writing(self._made(cell_id) / VALIDATION_FILE) as path:
            predictions.to_parquet(path, index=False, write_page_checksum=True)

    def has_validation(self, cell_id: str) -> bool:
        """Whether there are probabilities of the validation rows; results of older versions have none."""
        return (self.cell_folder(cell_id) / VALIDATION_FILE).exists()

    def read_validation(self, cell_id: str) -> pd.DataFrame:
        """The model's own probabilities of the validation rows: row, label, length, probability_0 ..

        Raises:
            StoreError: there are none, as of an older result.
            DamagedError: the file differs from what was written.
        """
        path = self.cell_folder(cell_id) / VALIDATION_FILE
        if not self.has_validation(cell_id):
            raise StoreError(f"{path} is missing, as in results of older versions: run the suite again")
        with undamaged(path):
            return read_frame(path)

    def read_explanations(self, cell_id: str) -> Explanations | None:
        """The words behind a cell's most confident mistakes; None where there are none, as of an older result.

        Raises:
            DamagedError: the file differs from what was written.
        """
        path = self.cell_folder(cell_id) / "explanations.json"
        try:
            return Explanations.model_validate_json(read_bytes(path))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DamagedError(path, error.strerror or str(error)) from None
        except ValidationError as error:
            raise DamagedError(path, first_error(error)) from None

    def replace_model(self, cell_id: str) -> AbstractContextManager[Path]:
        """An empty folder to save a model into; it becomes the cell's `model/` when the block ends without an error.

        Raises:
            WriteError: it cannot be written.
        """
        return writing_folder(self._made(cell_id) / "model")

    def log_path(self, cell_id: str) -> Path:
        """Path of the log: all output of the cell's process."""
        return self.cell_folder(cell_id) / "log.txt"

    def checkpoint_path(self, cell_id: str) -> Path:
        """Path of the checkpoint, which exists until the cell is done."""
        return self.cell_folder(cell_id) / "checkpoint.safetensors"

    def write_checkpoint(self, cell_id: str, write: Callable[[Path], object]) -> None:
        """Write a checkpoint through `write`; it replaces the previous one only when complete.

        Raises:
            WriteError: it cannot be written; the previous one is kept.
        """
        self._made(cell_id)
        with writing(self.checkpoint_path(cell_id)) as path:
            write(path)

    def remove_checkpoint(self, cell_id: str) -> None:
        """Delete the checkpoint of a finished training.

        Raises:
            WriteError: it cannot be removed.
        """
        self._made(cell_id)
        path = self.checkpoint_path(cell_id)
        with naming(path):
            path.unlink(missing_ok=True)

    def _made(self, cell_id: str) -> Path:
        folder = self.cell_folder(cell_id)
        make_folder(folder, self.folder)
        return folder


def remove_temporary(folder: Path) -> None:
    """Remove every temporary file: this process holds the run lock, so all writers have ended.

    Raises:
        OSError: one cannot be removed.
    """
    for path in folder.glob(".*.tmp"):
        remove(path)
