"""What engines left beside a cell: `engines/<engine>.json`, `<engine>.parquet` and the networks that they load."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from benchmarks.schema.engines import EngineResult
from benchmarks.schema.load_test import LoadTest
from benchmarks.store.cells import CellFiles
from benchmarks.store.files import DamagedError, make_folder, write_text, writing
from benchmarks.store.folder import first_error, read_frame, read_json, undamaged

ENGINES_FOLDER = "engines"
NAME = re.compile(r"[a-z][a-z0-9_]*")
LOAD_TEST, OWN_CODE = "-load.json", "own"
"""End of the name of a load test's file, and its beginning where the model ran in its own code."""


class EngineFiles(CellFiles):
    """Results, predictions and networks of the engines that serve a cell's model."""

    def engine_folder(self, cell_id: str) -> Path:
        """Return the folder of a cell's engines."""
        return self.cell_folder(cell_id) / ENGINES_FOLDER

    def make_engine_folder(self, cell_id: str) -> Path:
        """Return the folder of a cell's engines, which is made if it is not there.

        Raises:
            WriteError: it cannot be made.
        """
        folder = self.engine_folder(cell_id)
        make_folder(folder, self.folder)
        return folder

    def write_engine(self, result: EngineResult, predictions: pd.DataFrame | None = None) -> None:
        """Write an engine's predictions and, last, its result.

        Raises:
            WriteError: they cannot be written.
        """
        folder = self.make_engine_folder(result.cell)
        if predictions is not None:
            with writing(folder / f"{result.engine}.parquet") as path:
                predictions.to_parquet(path, index=False, write_page_checksum=True)
        write_text(folder / f"{result.engine}.json", f"{result.model_dump_json(indent=2)}\n")

    def read_engine(self, cell_id: str, engine: str) -> EngineResult | None:
        """Read an engine's result; None where there is none.

        Raises:
            DamagedError: the file is not a whole result of this engine and cell.
        """
        return read_engine(self.engine_folder(cell_id) / f"{engine}.json", cell_id)

    def engines(self, cell_id: str) -> Iterator[EngineResult]:
        """Yield every undamaged result of a cell's engines, by name."""
        yield from engine_results(self.engine_folder(cell_id), cell_id)

    def read_engine_predictions(self, cell_id: str, engine: str) -> pd.DataFrame:
        """Read an engine's predictions of the test rows, with the columns of the cell's own.

        Raises:
            DamagedError: the file is missing, or differs from what was written.
        """
        path = self.engine_folder(cell_id) / f"{engine}.parquet"
        with undamaged(path):
            return read_frame(path)


def write_load_test(folder: Path, result: LoadTest) -> Path:
    """Write a load test into a folder of engines; return the file.

    Raises:
        WriteError: it cannot be written.
    """
    path = folder / f"{result.engine or OWN_CODE}{LOAD_TEST}"
    write_text(path, f"{result.model_dump_json(indent=2)}\n")
    return path


def load_tests(folder: Path) -> Iterator[LoadTest]:
    """Yield every undamaged load test in a folder of engines, by name."""
    for path in sorted(folder.glob(f"*{LOAD_TEST}")):
        with suppress(DamagedError, ValidationError):
            yield LoadTest.model_validate(read_json(path))


def engine_results(folder: Path, cell_id: str) -> Iterator[EngineResult]:
    """Yield every undamaged result in a folder of engines, by name."""
    for path in sorted(folder.glob("*.json")):
        if NAME.fullmatch(path.stem):
            with suppress(DamagedError):
                if result := read_engine(path, cell_id):
                    yield result


def read_engine(path: Path, cell_id: str) -> EngineResult | None:
    """Read the result of an engine; None where there is no file.

    Raises:
        DamagedError: the file is not a whole result of this engine and cell.
    """
    try:
        result = EngineResult.model_validate(read_json(path))
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise DamagedError(path, first_error(error)) from None
    if (result.cell, result.engine) != (cell_id, path.stem):
        raise DamagedError(path, f"the result of {result.engine} with {result.cell}")
    return result
