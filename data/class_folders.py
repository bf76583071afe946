"""A folder for each class, a text in each file: the layout of many small collections."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from data.hidden import is_hidden
from data.reading import SPLIT_NAMES, Reading
from data.tables import Table, digest
from data.tabular import NamedTable, Tabular
from data.text_files import read_text

ONLY = "train"
ENDING = ".txt"


class ClassFolders(Tabular):
    """FOLDER/CLASS/*.txt, or FOLDER/SPLIT/CLASS/*.txt; a class is called as its folder is.

    Hidden and system files and folders (`.ipynb_checkpoints`, `__MACOSX`, `._a.txt`) are skipped and counted.
    """

    def __init__(self, folder: Path, reading: Reading = Reading()) -> None:
        self.folder, self.reading = folder, reading

    def split_names(self) -> Sequence[str]:
        """Return the folders of splits; one split where there are none."""
        return _split_folders(self.folder) or (ONLY,)

    def table(self, split: str) -> NamedTable:
        """Read every text, by class and file name.

        Raises:
            DataError: a file cannot be read.
        """
        folder = self.folder / split if _split_folders(self.folder) else self.folder
        paths = [path for name in _class_folders(folder) for path in sorted(_texts(folder / name))]
        rows = [(read_text(path), path.parent.name) for path in paths]
        frame = pd.DataFrame(rows, columns=["text", "label"], dtype=object)
        files = tuple(f"{path.parent.name}/{path.name}" for path in paths)
        skipped = sum(1 for _ in _skipped(folder))
        note = (f"{folder.name}: {skipped:,} hidden or system files and folders skipped",) * bool(skipped)
        origin: dict[str, str | int] = {f"origin of {split}": f"folder {self.folder.name}, a folder for each class"}
        return NamedTable(
            folder.name, Table(frame, np.arange(len(rows)), "", files, note), provenance=origin | digest(paths)
        )


def is_class_folders(folder: Path) -> bool:
    """Whether the folder has a folder for each class."""
    return bool(_split_folders(folder)) or len(_class_folders(folder)) > 1


def _split_folders(folder: Path) -> list[str]:
    known = {name for names in SPLIT_NAMES.values() for name in names}
    return sorted(
        path.name for path in folder.iterdir() if path.name.lower() in known and path.is_dir() and _class_folders(path)
    )


def _class_folders(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and not is_hidden(path) and any(_texts(path)))


def _texts(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.suffix.lower() == ENDING and path.is_file() and not is_hidden(path):
            yield path


def _skipped(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if is_hidden(path):
            yield path
        elif path.is_dir():
            yield from filter(is_hidden, path.iterdir())
