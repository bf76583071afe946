"""The source that a path or a glob means, and sources of tables in files."""

import glob
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from data.acl_imdb import AclImdb, is_acl_imdb
from data.class_folders import ClassFolders, is_class_folders
from data.errors import DataError
from data.hidden import is_hidden
from data.hub import HubCopy, is_hub_copy
from data.reading import SPLIT_NAMES, Reading
from data.source import Source
from data.tables import READERS, digest, kind_of, read_tables, table_type
from data.tabular import NamedTable, Tabular

SHARD = re.compile(r"-\d{5}-of-\d{5}$")
"""How the Hub numbers the files of one split: train-00000-of-00002.parquet."""


class Files(Tabular):
    """A table for each split, in one file or several."""

    def __init__(
        self,
        paths: Mapping[str, Sequence[Path]],
        reading: Reading = Reading(),
    ) -> None:
        """Keep the options.

        Args:
            paths: split -> its files; Parquet, CSV, TSV or JSON, plain, `.gz` or `.zst`.
            reading: how to read them.
        """
        self.paths, self.reading = paths, reading

    def split_names(self) -> Sequence[str]:
        """Return the splits that have files."""
        return tuple(self.paths)

    def table(self, split: str) -> NamedTable:
        """Read the rows of all files of a split.

        Raises:
            DataError: one cannot be read.
        """
        paths = self.paths[split]
        title = paths[0].name if len(paths) == 1 else f"{paths[0].name} and {len(paths) - 1} more"
        return NamedTable(title, read_tables(paths), provenance=digest(paths))


def open_path(path: Path, reading: Reading = Reading()) -> Source:
    """Return the source that a path or a glob means.

    Raises:
        DataError: there is nothing there that could be one.
    """
    try:
        path.stat()
    except OSError as error:
        if paths := sorted(map(Path, glob.glob(str(path), recursive=True))):  # noqa: PTH207  (absolute ones too)
            return Files({"train": [_checked(one) for one in paths]}, reading)
        raise DataError(_not_found(error)) from None
    except ValueError:
        raise DataError("no file can have such a name") from None
    if not path.is_dir():
        return Files({"train": [_checked(path)]}, reading)
    if is_acl_imdb(path):
        if reading.given:
            raise DataError(f"the aclImdb folder is read as its authors made it, without {', '.join(reading.given)}")
        return AclImdb(path)
    if is_hub_copy(path):
        return HubCopy(path, None, reading)
    tables = _tables_by_split(path)
    if reading.splits.get("train") in tables or set(tables) & set(SPLIT_NAMES["train"]):
        return Files(tables, reading)
    if is_class_folders(path):
        return ClassFolders(path, reading)
    raise DataError(
        f"the folder holds no train file (choices: {', '.join(f'train{s}' for s in READERS)}), "
        "no folder for each class, no copy from the Hub and no aclImdb; for files of one table give a glob in quotes"
    )


def _checked(path: Path) -> Path:
    kind_of(path)
    return path


def _tables_by_split(folder: Path) -> dict[str, list[Path]]:
    """Return the tables of a folder, by the name of their split.

    Raises:
        DataError: a split has two tables of different kinds.
    """
    tables: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if (kind := table_type(path)) and path.is_file() and not is_hidden(path):
            tables.setdefault(SHARD.sub("", _stem(path, kind)), []).append(path)
    for split, paths in tables.items():
        if len(paths) > 1 and not all(SHARD.search(_stem(p, table_type(p) or "")) for p in paths):
            raise DataError(f"the folder holds {len(paths)} tables {split!r}: {', '.join(p.name for p in paths)}")
    return tables


def _stem(path: Path, kind: str) -> str:
    """Return a table's name without its kind and compression, in any case: train.CSV.gz is `train`."""
    return path.name[: path.name.lower().rindex(kind)] if kind else path.name


def _not_found(error: OSError) -> str:
    """The message of a path that cannot be looked at; the system's reason only where it says more."""
    reason = "" if isinstance(error, FileNotFoundError) else f" ({error.strerror})"
    return f"there is no such file or folder{reason}"
