"""Predictions for a folder of Parquet files, file by file; a finished file is kept and not repeated."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.errors import UsageError
from benchmarks.inference.predict import columns, predict
from benchmarks.inference.saved import Classifier
from benchmarks.inference.text_input import read_file
from benchmarks.inference.writers import writing_predictions
from benchmarks.store.files import StoreError, read_bytes, remove_abandoned, write_text

MODEL_FILE = "model.json"
"""Records in the output folder which model labelled its files."""

SOURCE_STATE = "benchmarks.source"
"""Key, in the metadata of an output, of the state of the file whose texts it labels."""


@dataclass(frozen=True)
class Outcome:
    """Outcome of one file.

    Attributes:
        name: path of the file below the folder.
        rows: number of texts labelled.
        error: why none was; empty if all were.
    """

    name: str
    rows: int
    error: str = ""


@dataclass(frozen=True)
class Job:
    """A folder to label.

    Attributes:
        source: the folder of the texts; its `.parquet` files may lie in sub-folders.
        target: the folder of the predictions, with a file of the same name for each.
        column: the texts' column.
        raw: whether probabilities are the model's own, not the calibrated ones.
        least: probability of the label below which a text is "uncertain".
        engine: that the user named; "" is the default, which changes no class.
    """

    source: Path
    target: Path
    column: str
    raw: bool = False
    least: float = 0.0
    engine: str = ""

    def waiting(self) -> list[str]:
        """Return the files without an output of what they are now, sorted.

        Raises:
            UsageError: the folder holds no Parquet file, or that of the predictions lies in it.
        """
        if self.target.resolve().is_relative_to(self.source.resolve()):
            raise self._refused("it lies in the folder of the texts, and would be labelled, too: name a folder outside")
        found = (path.relative_to(self.source) for path in self.source.rglob("*.parquet") if path.is_file())
        names = sorted(name.as_posix() for name in found if not any(part.startswith(".") for part in name.parts))
        if not names:
            raise UsageError("no .parquet file in this folder", option="input", value=self.source)
        return [name for name in names if not self._is_done(name)]

    def _is_done(self, name: str) -> bool:
        output = self.target / name
        try:
            facts = pq.read_metadata(output).metadata if output.is_file() else None
            return (facts or {}).get(SOURCE_STATE.encode()) == self._state(name).encode()
        except (OSError, pa.ArrowException):  # labelling says what is wrong with the file, or replaces the output
            return False

    def _state(self, name: str) -> str:
        """Size and time of change of a file of texts; another file under its name may be older than the output."""
        status = (self.source / name).stat()
        return f"{status.st_size} bytes, {status.st_mtime_ns} ns"

    def label(self, name: str, classifier: Classifier) -> Outcome:
        """Label one file, a block of texts at a time; its output appears when it is complete."""
        output = self.target / name
        rows = 0
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            state = self._state(name)  # before the first text is read: it may be replaced meanwhile
            blocks = read_file(self.source / name, self.column)
            with writing_predictions(output, "parquet", columns(classifier.classes)) as writer:
                writer.note({SOURCE_STATE: state})
                score = classifier.own_proba if self.raw else classifier.predict_proba
                for frame in predict(score, classifier.classes, blocks, self.least):
                    writer.write(frame)
                    rows += len(frame)
        except (UsageError, StoreError, OSError) as error:
            return Outcome(name, 0, str(error))
        return Outcome(name, rows)

    def claim(self, model: Path) -> None:
        """Create the output folder with a record of the model, the text column and the probability columns.

        Raises:
            UsageError: its files are by another model or of another column, or it cannot be used.
            WriteError: the record cannot be written.
        """
        wanted: dict[str, object] = {"model": digest(model), "text_column": self.column}
        wanted |= ({"raw": True} if self.raw else {}) | ({"abstain_below": self.least} if self.least else {})
        wanted |= {"engine": self.engine} if self.engine else {}
        record = self.target / MODEL_FILE
        try:
            self.target.mkdir(parents=True, exist_ok=True)
            for folder in (self.target, *(path for path in self.target.rglob("*") if path.is_dir())):
                remove_abandoned(folder)
            if record.exists():
                if json.loads(read_bytes(record)) != wanted:
                    raise self._refused("it holds predictions of another model or column, or with other options")
            elif any(self.target.iterdir()):
                raise self._refused(f"it is not empty and has no {MODEL_FILE}: name another folder")
            else:
                write_text(record, json.dumps(wanted, indent=2) + "\n")
        except (OSError, ValueError) as error:
            raise self._refused(f"it cannot be used: {error}") from None

    def _refused(self, detail: str) -> UsageError:
        return UsageError(detail, option="output", value=self.target)


def digest(folder: Path) -> str:
    """Return the sha256 of a saved model's files, names included."""
    found = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        found.update(path.relative_to(folder).as_posix().encode() + b"\0")
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def label_here(job: Job, names: Sequence[str], classifier: Classifier) -> Iterator[Outcome]:
    """Label files on this machine, one after another."""
    return (job.label(name, classifier) for name in names)
