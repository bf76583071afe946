"""A folder for each class, a text in each file: what many small collections look like."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from data.reading import SPLIT_NAMES, Reading
from data.tables import digest
from data.tabular import Table, Tabular
from data.text_files import read_text

ONLY = "train"


class ClassFolders(Tabular):
    """FOLDER/CLASS/*.txt, or FOLDER/SPLIT/CLASS/*.txt; a class is called as its folder is."""

    def __init__(self, folder: Path, reading: Reading = Reading()) -> None:  # noqa: B008  (immutable)
        self.folder, self.reading = folder, reading

    def split_names(self) -> Sequence[str]:
        """The folders of splits; one split where there are none."""
        return _split_folders(self.folder) or (ONLY,)

    def table(self, split: str) -> Table:
        """Every text, by class and file name.

        Raises:
            DataError: a file cannot be read.
        """
        folder = self.folder / split if _split_folders(self.folder) else self.folder
        paths = [path for name in _class_folders(folder) for path in sorted((folder / name).glob("*.txt"))]
        rows = [(read_text(path), path.parent.name) for path in paths]
        frame = pd.DataFrame(rows, columns=["text", "label"])
        origin: dict[str, str | int] = {f"origin of {split}": f"folder {self.folder.name}, a folder for each class"}
        return Table(folder.name, frame, provenance=origin | digest(paths))


def is_class_folders(folder: Path) -> bool:
    """Whether the folder looks like one."""
    return bool(_split_folders(folder)) or len(_class_folders(folder)) > 1


def _split_folders(folder: Path) -> list[str]:
    known = {name for names in SPLIT_NAMES.values() for name in names}
    return sorted(
        path.name for path in folder.iterdir() if path.name.lower() in known and path.is_dir() and _class_folders(path)
    )


def _class_folders(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_dir() and any(path.glob("*.txt")))
