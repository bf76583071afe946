"""Results on disk: written to a temporary name, synced, then renamed, so that a file is whole or absent.

<folder>/run.json                      what was run, on which machine
<folder>/data/<fingerprint>.parquet    the prepared splits: split, row, label, length, text
<folder>/cells/<cell-id>/result.json   a CellResult
<folder>/cells/<cell-id>/predictions.parquet   row, label, length, probability_0 .. probability_<C-1>
<folder>/cells/<cell-id>/log.txt, model/
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from benchmarks.cell import SCHEMA_VERSION, CellResult
from data.dataset import Dataset, Split

CELL_ID = re.compile(r"[a-z0-9_]+-[a-z0-9_]+-n\d+-s\d+-[0-9a-f]{10}")


class StoreError(RuntimeError):
    """A results folder that cannot be used; the message is one line."""


@dataclass(frozen=True)
class Store:
    """One results folder."""

    folder: Path

    def cell_folder(self, cell_id: str) -> Path:
        """Where a cell's files lie.

        Raises:
            StoreError: `cell_id` is not of the form `CellSpec.id` yields.
        """
        if not CELL_ID.fullmatch(cell_id):
            raise StoreError(f"not a cell id: {cell_id!r}")
        return self.folder / "cells" / cell_id

    def write_run(self, run: dict[str, Any]) -> None:
        """Describe the run in `run.json`."""
        content = json.dumps({"schema_version": SCHEMA_VERSION, **run}, indent=2, sort_keys=True)
        _write(self.folder / "run.json", lambda path: _write_text(path, content))

    def read_run(self) -> dict[str, Any]:
        """What `write_run` wrote.

        Raises:
            StoreError: there is no such file, or it is not of this version.
        """
        path = self.folder / "run.json"
        try:
            run = json.loads(path.read_text())
        except FileNotFoundError:
            raise StoreError(f"no results in {self.folder}: it has no run.json") from None
        except (OSError, ValueError) as error:
            raise StoreError(f"{path} cannot be read: {error}") from None
        if not isinstance(run, dict) or run.get("schema_version") != SCHEMA_VERSION:
            raise StoreError(f"{path} is not of schema version {SCHEMA_VERSION}; run the suite again into a new folder")
        return run

    def write_result(self, result: CellResult, predictions: pd.DataFrame | None = None) -> None:
        """Write a cell's predictions and, last, its result: a result on disk means that the rest is there."""
        folder = self.cell_folder(result.spec.id)
        folder.mkdir(parents=True, exist_ok=True)
        if predictions is not None:
            _write(folder / "predictions.parquet", lambda path: predictions.to_parquet(path, index=False))
        _write(folder / "result.json", lambda path: _write_text(path, result.model_dump_json(indent=2)))

    def read_result(self, cell_id: str) -> CellResult | None:
        """A cell's result; None where there is none, or where the file is not a whole result of this version."""
        try:
            result = CellResult.model_validate_json((self.cell_folder(cell_id) / "result.json").read_bytes())
        except (FileNotFoundError, ValidationError):
            return None
        return result if result.schema_version == SCHEMA_VERSION and result.spec.id == cell_id else None

    @contextmanager
    def replace_model(self, cell_id: str) -> Iterator[Path]:
        """An empty folder to save a model into; it becomes the cell's `model/` when the block ends well."""
        folder = self.cell_folder(cell_id) / "model"
        temporary = folder.with_name(f".model.{os.getpid()}.tmp")
        temporary.mkdir(parents=True)
        try:
            yield temporary
            shutil.rmtree(folder, ignore_errors=True)
            temporary.replace(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def read_predictions(self, cell_id: str) -> pd.DataFrame:
        """A cell's predictions: row, label, length, probability_0 .. probability_<C-1>."""
        return pd.read_parquet(self.cell_folder(cell_id) / "predictions.parquet")

    def results(self) -> Iterator[CellResult]:
        """Every readable result, by cell id."""
        for folder in sorted((self.folder / "cells").glob("*/")):
            if CELL_ID.fullmatch(folder.name) and (result := self.read_result(folder.name)):
                yield result

    def write_data(self, dataset: Dataset) -> None:
        """Keep the prepared splits, for the cells to read and for the report to quote."""
        path = self.data_path(dataset.fingerprint)
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        frame = pd.concat(
            pd.DataFrame({"split": name, "row": s.rows, "label": s.labels, "length": s.lengths, "text": s.texts})
            for name, s in (("train", dataset.train), ("valid", dataset.valid), ("test", dataset.test))
        )
        facts = {
            "name": dataset.name,
            "class_names": dataset.test.class_names,
            "provenance": dict(dataset.provenance),
            "leaked_test_rows": dataset.leaked_test_rows.tolist(),
        }
        _write(path.with_suffix(".json"), lambda temporary: _write_text(temporary, json.dumps(facts, indent=2)))
        _write(path, lambda temporary: frame.to_parquet(temporary, index=False))

    def read_data(self, fingerprint: str) -> Dataset:
        """The dataset that `write_data` kept."""
        path = self.data_path(fingerprint)
        facts = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        frame = pd.read_parquet(path)
        splits = {
            name: _split(frame[frame["split"] == name], tuple(facts["class_names"]))
            for name in ("train", "valid", "test")
        }
        leaked = np.array(facts["leaked_test_rows"], dtype=np.int64)
        return Dataset(facts["name"], **splits, provenance=facts["provenance"], leaked_test_rows=leaked)

    def data_path(self, fingerprint: str) -> Path:
        """Where the prepared splits of that fingerprint lie.

        Raises:
            StoreError: not a sha256 in hexadecimal digits.
        """
        if not re.fullmatch(r"[0-9a-f]{64}", fingerprint):
            raise StoreError(f"not a fingerprint: {fingerprint!r}")
        return self.folder / "data" / f"{fingerprint}.parquet"


def _split(frame: pd.DataFrame, class_names: tuple[str, ...]) -> Split:
    labels, lengths, rows = (frame[name].to_numpy(dtype=np.int64, copy=True) for name in ("label", "length", "row"))
    return Split(tuple(frame["text"]), labels, lengths, rows, class_names)


def _write_text(path: Path, content: str) -> None:
    path.write_text(content + "\n", encoding="utf-8")


def _write(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, sync it, and rename it to `path`."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
