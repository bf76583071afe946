"""Labels of the texts in a folder of Parquet files, file by file: a finished file is kept, and is not done again."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pandas as pd

from benchmarks.errors import UsageError
from benchmarks.inference.predict import columns, predict
from benchmarks.inference.saved import Classifier
from benchmarks.inference.text_input import read_file
from benchmarks.store.files import WriteError, read_bytes, remove_abandoned, write_text

MODEL_FILE = "model.json"
"""Says in the output folder which model its files are by."""


class Writer(Protocol):
    """Writes frames with the columns of `predict.columns`."""

    def write(self, frame: pd.DataFrame) -> None:
        """Write some rows."""


Writing = Callable[[Path, str, Sequence[str]], AbstractContextManager[Writer]]
"""Opens a file of a format, with these columns, that appears when it is whole."""


@dataclass(frozen=True)
class Outcome:
    """What came of one file.

    Attributes:
        name: the file, from the folder on.
        rows: how many texts were labelled.
        error: why none was; empty if all were.
    """

    name: str
    rows: int
    error: str = ""


@dataclass(frozen=True)
class Job:
    """A folder to be labelled.

    Attributes:
        source: the folder; its files end in `.parquet`, and may lie in folders of their own.
        target: where a file of the same name goes for each.
        column: the texts' column.
        writing: opens an output file.
    """

    source: Path
    target: Path
    column: str
    writing: Writing

    def waiting(self) -> list[str]:
        """The files without an output that is newer than they are, in order.

        Raises:
            UsageError: there is no file.
        """
        found = (path.relative_to(self.source) for path in self.source.rglob("*.parquet") if path.is_file())
        names = sorted(name.as_posix() for name in found if not any(part.startswith(".") for part in name.parts))
        if not names:
            raise UsageError(f"--input {str(self.source)!r}: there is no .parquet file in this folder")
        return [name for name in names if not self._is_done(name)]

    def _is_done(self, name: str) -> bool:
        output = self.target / name
        return output.exists() and output.stat().st_mtime_ns >= (self.source / name).stat().st_mtime_ns

    def label(self, name: str, classifier: Classifier) -> Outcome:
        """Label one file, a block of texts at a time; its output appears when it is whole."""
        output = self.target / name
        rows = 0
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            with self.writing(output, "parquet", columns(classifier.classes)) as writer:
                for frame in predict(classifier.score, classifier.classes, read_file(self.source / name, self.column)):
                    writer.write(frame)
                    rows += len(frame)
        except (UsageError, WriteError, OSError) as error:
            return Outcome(name, 0, str(error))
        return Outcome(name, rows)

    def claim(self, model: Path) -> None:
        """Make the output folder, and keep in it which model its files are by.

        Raises:
            UsageError: they are by another one or of another column, or the folder cannot be used.
        """
        wanted = {"model": digest(model), "text_column": self.column}
        note = self.target / MODEL_FILE
        try:
            self.target.mkdir(parents=True, exist_ok=True)
            remove_abandoned(self.target)
            if note.exists():
                if json.loads(read_bytes(note)) != wanted:
                    raise UsageError(
                        f"--output {str(self.target)!r} holds labels by another model or of another column"
                    )
            elif any(self.target.iterdir()):
                raise UsageError(f"--output {str(self.target)!r} is not empty, and without {MODEL_FILE}: name another")
            else:
                write_text(note, json.dumps(wanted, indent=2) + "\n")
        except (OSError, ValueError) as error:
            raise UsageError(f"--output {str(self.target)!r} cannot be used: {error}") from None


def digest(folder: Path) -> str:
    """The sha256 of a saved model's files, names included."""
    found = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        found.update(path.relative_to(folder).as_posix().encode() + b"\0")
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def label_here(job: Job, names: Sequence[str], classifier: Classifier) -> Iterator[Outcome]:
    """Label files on this machine, one after another."""
    return (job.label(name, classifier) for name in names)
