"""Results on disk: written to a temporary name, synced, renamed, and the folder synced: a file is whole or absent,
whatever ends the process or the machine.

<folder>/run.json                      what was run, on which machine
<folder>/data/<fingerprint>.parquet    the prepared splits: split, row, label, length, text
<folder>/plugins/<sha256>.py           the plug-ins that it was run with
<folder>/cells/<cell-id>/result.json   a CellResult
<folder>/cells/<cell-id>/predictions.parquet   row, label, length, probability_0 .. probability_<C-1>
<folder>/cells/<cell-id>/explanations.json     the words behind its most confident mistakes
<folder>/cells/<cell-id>/log.txt, model/
<folder>/cells/<cell-id>/checkpoint.safetensors   while a long training is under way, or if it was interrupted
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pydantic import ValidationError

from benchmarks.schema.cell import CellSpec
from benchmarks.schema.explanations import Explanations
from benchmarks.schema.result import SCHEMA_VERSION, CellResult
from data.dataset import Dataset, Split

CELL_ID = re.compile(r"[a-z0-9_]+-[a-z0-9_]+-n[0-9]{1,15}-s[0-9]{1,15}-[0-9a-f]{10}")


SHA256 = re.compile(r"[0-9a-f]{64}")

PACKED = re.compile(
    rf"data/[0-9a-f]{{64}}\.(?:json|parquet)|plugins/[0-9a-f]{{64}}\.py|cells/(?P<cell>{CELL_ID.pattern})/"
    r"(?:result\.json|predictions\.parquet|explanations\.json|log\.txt|model/(?P<model>[A-Za-z0-9_][\w.-]*(?:/[A-Za-z0-9_][\w.-]*)*))"
)
"""Paths of the files that go from one machine's store to another's: none leads out of the folder."""

Files = Mapping[str, bytes]
"""Path in a results folder -> content."""

RUN_KEYS = frozenset({"suite", "planned", "dataset", "device", "precision", "code_version"})
"""What is read of `run.json` before a run goes on in its folder."""


class StoreError(RuntimeError):
    """A results folder that cannot be used; the message is one line."""


class DamagedError(StoreError):
    """A file that is not what was written: a disk's fault, or another program's."""

    def __init__(self, path: Path, finding: str) -> None:
        self.path = path
        super().__init__(f"{path} is damaged ({finding})")


class WriteError(StoreError):
    """The folder can no longer be written to: the disk is full, or read-only."""


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

    def create(self) -> None:
        """Make the folder, if it is not there.

        Raises:
            WriteError: it cannot be made.
        """
        with _writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)

    def clear_temporary(self) -> None:
        """Remove what runs that were killed left of run and data; `clear_cell` does so for a cell."""
        with _writing(self.folder):
            for folder in (self.folder, self.folder / "data"):
                _remove_temporary(folder)

    def clear_cell(self, cell_id: str) -> None:
        """Make a cell's folder ready for a new attempt, whose result is to be no earlier one's.

        What a cell keeps to go on from (`checkpoint.safetensors`) stays.

        Raises:
            WriteError: it cannot be.
        """
        folder = self.cell_folder(cell_id)
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            _remove_temporary(folder)
            (folder / "result.json").unlink(missing_ok=True)
            _sync(folder)
            _sync(folder.parent)

    def remove_cell(self, cell_id: str) -> None:
        """Forget all of a cell.

        Raises:
            WriteError: it cannot be removed.
        """
        folder = self.cell_folder(cell_id)
        with _writing(folder):
            if folder.exists():
                shutil.rmtree(folder)

    def set_aside(self, path: Path) -> str:
        """Rename a damaged file, so that nothing reads it and nothing overwrites it; say what was done.

        Raises:
            WriteError: it cannot be renamed.
        """
        suffixes = chain(["damaged"], (f"damaged-{n}" for n in count(2)))
        names = (path.with_name(f"{path.name}.{suffix}") for suffix in suffixes)
        kept = next(name for name in names if not name.exists())
        with _writing(path):
            if not path.exists():
                return "nothing is left of it"
            path.rename(kept)
        return f"kept as {kept.name}"

    def write_run(self, run: dict[str, Any]) -> None:
        """Describe the run in `run.json`.

        Raises:
            WriteError: it cannot be written.
        """
        content = json.dumps({"schema_version": SCHEMA_VERSION, **run}, indent=2, sort_keys=True)
        _write(self.folder / "run.json", lambda path: _write_text(path, content))

    def read_run(self) -> dict[str, Any]:
        """What `write_run` wrote.

        Raises:
            DamagedError: it is not.
            StoreError: there is no such file, or it is not of this version.
        """
        path = self.folder / "run.json"
        try:
            run = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise StoreError(f"no results in {self.folder}: it has no run.json") from None
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {error.strerror}") from None
        except (ValueError, RecursionError) as error:
            raise DamagedError(path, str(error)) from None
        _check_version(path, run)
        missing = RUN_KEYS - run.keys()
        if missing:
            raise DamagedError(path, f"without {', '.join(sorted(missing))}")
        return dict(run)

    def write_result(
        self,
        result: CellResult,
        predictions: pd.DataFrame | None = None,
        explanations: Explanations | None = None,
    ) -> None:
        """Write a cell's predictions, explanations and, last, its result: a result on disk means that the rest is
        there.

        Raises:
            WriteError: they cannot be written.
        """
        folder = self.cell_folder(result.spec.id)
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        if predictions is not None:
            _write(
                folder / "predictions.parquet",
                lambda path: predictions.to_parquet(path, index=False, write_page_checksum=True),
            )
        if explanations is not None:
            content = explanations.model_dump_json(indent=2)
            _write(folder / "explanations.json", lambda path: _write_text(path, content))
        _write(folder / "result.json", lambda path: _write_text(path, result.model_dump_json(indent=2)))

    def read_result(self, cell_id: str) -> CellResult | None:
        """A cell's result; None where there is none.

        Raises:
            DamagedError: the file is not a whole result of this cell.
            StoreError: it is not of this version, or cannot be read.
        """
        path = self.cell_folder(cell_id) / "result.json"
        try:
            content = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {error.strerror}") from None
        except (ValueError, RecursionError) as error:
            raise DamagedError(path, str(error)) from None
        _check_version(path, content)
        try:
            result = CellResult.model_validate(content)
        except ValidationError as error:
            raise DamagedError(path, _first(error)) from None
        if result.spec.id != cell_id:
            raise DamagedError(path, f"the result of {result.spec.id}")
        return result

    @contextmanager
    def replace_model(self, cell_id: str) -> Iterator[Path]:
        """An empty folder to save a model into; it becomes the cell's `model/` when the block ends well."""
        folder = self.cell_folder(cell_id) / "model"
        temporary = folder.with_name(f".model.{os.getpid()}.tmp")
        temporary.mkdir(parents=True)
        try:
            yield temporary
            for path in (*temporary.rglob("*"), temporary):
                _sync(path)
            shutil.rmtree(folder, ignore_errors=True)
            temporary.replace(folder)
            _sync(folder.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def checkpoint_path(self, cell_id: str) -> Path:
        """Where the state of a cell's training is kept while it is not done."""
        return self.cell_folder(cell_id) / "checkpoint.safetensors"

    def write_checkpoint(self, cell_id: str, write: Callable[[Path], object]) -> None:
        """Let `write` write the state of a cell's training; it takes the place of the one before when it is whole.

        Raises:
            WriteError: it cannot be written; the one before is still there.
        """
        path = self.checkpoint_path(cell_id)
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, write)

    def remove_checkpoint(self, cell_id: str) -> None:
        """Forget a cell's training, which is done.

        Raises:
            WriteError: it cannot be removed.
        """
        path = self.checkpoint_path(cell_id)
        with _writing(path):
            path.unlink(missing_ok=True)

    def read_predictions(self, cell_id: str) -> pd.DataFrame:
        """A cell's predictions: row, label, length, probability_0 .. probability_<C-1>.

        Raises:
            DamagedError: the file is missing, or not what was written; every page has a checksum.
        """
        path = self.cell_folder(cell_id) / "predictions.parquet"
        with _undamaged(path):
            return pd.read_parquet(path, page_checksum_verification=True)

    def read_explanations(self, cell_id: str) -> Explanations | None:
        """The words behind a cell's most confident mistakes; None where there are none, as of an older result.

        Raises:
            DamagedError: the file is not what was written.
        """
        path = self.cell_folder(cell_id) / "explanations.json"
        try:
            return Explanations.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DamagedError(path, error.strerror or str(error)) from None
        except ValidationError as error:
            raise DamagedError(path, _first(error)) from None

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

    def has_data(self, fingerprint: str) -> bool:
        """Whether the prepared splits of that fingerprint are kept.

        Raises:
            DamagedError: they are, but they are not what was written.
        """
        path = self.data_path(fingerprint)
        if not (path.exists() and path.with_suffix(".json").exists()):
            return False
        found = self.read_data(fingerprint).fingerprint
        if found != fingerprint:
            raise DamagedError(path, f"its fingerprint is {found}")
        return True

    def write_data(self, dataset: Dataset) -> None:
        """Keep the prepared splits, for the cells to read and for the report to quote.

        Raises:
            WriteError: they cannot be written.
        """
        path = self.data_path(dataset.fingerprint)
        with _writing(path):
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
        _write(path, lambda temporary: frame.to_parquet(temporary, index=False, write_page_checksum=True))

    def read_data(self, fingerprint: str) -> Dataset:
        """The dataset that `write_data` kept.

        Raises:
            DamagedError: a file is missing, or not what was written.
        """
        path = self.data_path(fingerprint)
        with _undamaged(path.with_suffix(".json")):
            facts = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            name, class_names, provenance = facts["name"], tuple(facts["class_names"]), facts["provenance"]
            leaked = np.array(facts["leaked_test_rows"], dtype=np.int64)
        with _undamaged(path):
            frame = pd.read_parquet(path, page_checksum_verification=True)
            splits = {
                split: _split(frame[frame["split"] == split], class_names) for split in ("train", "valid", "test")
            }
        return Dataset(name, **splits, provenance=provenance, leaked_test_rows=leaked)

    def write_plugin(self, sha256: str, source: str) -> None:
        """Keep a plug-in, for the cells to read: what becomes of the user's file during the run is nothing to them.

        Raises:
            WriteError: it cannot be written.
        """
        path = self.plugin_path(sha256)
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, lambda temporary: temporary.write_bytes(source.encode()))

    def plugin_path(self, sha256: str) -> Path:
        """Where the plug-in of that content lies.

        Raises:
            StoreError: not a sha256 in hexadecimal digits.
        """
        return self.folder / "plugins" / f"{_sha256(sha256)}.py"

    def pack_data(self, fingerprint: str) -> Files:
        """The prepared splits of that fingerprint, for `unpack` of another store."""
        path = self.data_path(fingerprint)
        return self._pack([path.with_suffix(".json"), path])

    def pack_plugins(self, spec: CellSpec) -> Files:
        """The plug-ins that a cell needs, for `unpack` of another store."""
        files = (sha256 for sha256 in {spec.model_plugin, spec.loss_plugin} if SHA256.fullmatch(sha256))
        return self._pack([self.plugin_path(sha256) for sha256 in files])

    def pack_cell(self, cell_id: str) -> Files:
        """What there is of a cell, its result last, for `unpack` of another store."""
        folder = self.cell_folder(cell_id)
        model = sorted((folder / "model").rglob("*"))
        files = (folder / name for name in ("predictions.parquet", "explanations.json", "result.json"))
        return self._pack([folder / "log.txt", *model, *files])

    def _pack(self, paths: Iterable[Path]) -> Files:
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in paths if path.is_file()}

    def unpack(self, files: Files) -> None:
        """Write what another store has packed, in its order.

        Raises:
            StoreError: a path is none that a store packs; nothing is written.
            WriteError: the files cannot be written.
        """
        found = {path: PACKED.fullmatch(path) for path in files}
        models: dict[str, dict[str, bytes]] = {}
        for path, match in found.items():
            if match is None:
                raise StoreError(f"not a file of a results folder: {path!r}")
            if match["model"]:
                models.setdefault(match["cell"], {})[match["model"]] = files[path]
        for cell_id, contents in models.items():
            self._unpack_model(cell_id, contents)
        for path, match in found.items():
            if match is not None and not match["model"]:
                target = self.folder / path
                with _writing(target):
                    target.parent.mkdir(parents=True, exist_ok=True)
                _write(target, partial(Path.write_bytes, data=files[path]))

    def _unpack_model(self, cell_id: str, contents: Files) -> None:
        with _writing(self.cell_folder(cell_id)), self.replace_model(cell_id) as folder:
            for path, content in contents.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(content)

    def data_path(self, fingerprint: str) -> Path:
        """Where the prepared splits of that fingerprint lie.

        Raises:
            StoreError: not a sha256 in hexadecimal digits.
        """
        return self.folder / "data" / f"{_sha256(fingerprint)}.parquet"


def _sha256(text: str) -> str:
    if not SHA256.fullmatch(text):
        raise StoreError(f"not a fingerprint: {text!r}")
    return text


def write_text(path: Path, content: str) -> None:
    """Write a file as it is read again, whole or not at all; what `path` may link to stays as it is."""
    _write(path, lambda temporary: temporary.write_text(content, encoding="utf-8", newline="\n"))


def _split(frame: pd.DataFrame, class_names: tuple[str, ...]) -> Split:
    labels, lengths, rows = (frame[name].to_numpy(dtype=np.int64, copy=True) for name in ("label", "length", "row"))
    return Split(tuple(frame["text"]), labels, lengths, rows, class_names)


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def _check_version(path: Path, content: object) -> None:
    version = content.get("schema_version") if isinstance(content, dict) else None
    if not isinstance(version, int):
        raise DamagedError(path, "without a schema version")
    if version != SCHEMA_VERSION:
        raise StoreError(
            f"{path} is of schema version {version}, and this program reads version {SCHEMA_VERSION}: "
            "run the suite again into a new folder, or use the version of this program that wrote it"
        )


def _write_text(path: Path, content: str) -> None:
    path.write_text(content + "\n", encoding="utf-8")


def _write(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, sync it, rename it to `path`, and sync the folder."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with _writing(path):
        try:
            write(temporary)
            _sync(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        _sync(path.parent)


def _sync(path: Path) -> None:
    """Wait until a file's content, or a folder's names, would survive a loss of power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_temporary(folder: Path) -> None:
    """Remove what a killed process was about to rename."""
    for path in folder.glob(".*.tmp"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WriteError(f"{path} cannot be written: {error.strerror or error}") from error


@contextmanager
def _undamaged(path: Path) -> Iterator[None]:
    try:
        yield
    except (
        pa.ArrowException,
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        finding = "it is missing" if isinstance(error, FileNotFoundError) else f"{type(error).__name__}: {error}"
        raise DamagedError(path, finding.splitlines()[0]) from None
