"""Reviews in files of the user's own: Parquet, CSV, TSV, JSON lines, or a folder with a train and a test file."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from pandas.errors import EmptyDataError, ParserError
from pyarrow import ArrowException

from data.acl_imdb import AclImdb, is_acl_imdb
from data.dataset import DataError, IntArray
from data.source import RawDataset, RawSplit, Source

READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".parquet": lambda path: pq.ParquetFile(path).read().to_pandas(),  # shows a column that occurs twice
    ".csv": lambda path: _read_delimited(path, ","),
    ".tsv": lambda path: _read_delimited(path, "\t"),
    ".jsonl": lambda path: pd.read_json(path, lines=True, dtype=False, convert_dates=False),
}
GROUP_COLUMN = "movie"
"""A column of that name says what a text is about; validation then shares no such group with training."""


class Files(Source):
    """A table of texts and labels (0 or 1), or a folder that holds `train` and, if there is one, `test`.

    Without a test table, test rows are cut from training.
    """

    def __init__(
        self, train: Path, test: Path | None, *, text_column: str = "text", label_column: str = "label"
    ) -> None:
        """Keep the options.

        Args:
            train, test: the tables; `.parquet`, `.csv`, `.tsv` or `.jsonl`.
            text_column, label_column: their columns.
        """
        self.train, self.test = train, test
        self.text_column, self.label_column = text_column, label_column

    def load(self) -> RawDataset:
        """Read the tables.

        Raises:
            DataError: one cannot be read, lacks a column, or holds an unusable row.
        """
        train = self._read(self.train)
        test = None if self.test is None else self._read(self.test)
        paths = [self.train] if self.test is None else [self.train, self.test]
        return RawDataset(
            train=train,
            test=test,
            order="blocks",  # neighbours in a file may be alike; where they are not, blocks are as good as any
            provenance={f"sha256 of {path.name}": _sha256(path) for path in paths},
        )

    def _read(self, path: Path) -> RawSplit:
        frame = _frame(path)
        for column in (self.text_column, self.label_column):
            found = sum(name == column for name in frame.columns)
            if found != 1:
                what = f"has no column {column!r}" if not found else f"has {found} columns {column!r}"
                raise DataError(f"{path.name} {what} (it has: {', '.join(map(str, frame.columns))})")
        if frame.empty:
            raise DataError(f"{path.name} has no rows")
        groups = None
        if GROUP_COLUMN in frame:
            groups = _groups(path, frame[GROUP_COLUMN])
        return RawSplit(_texts(path, frame[self.text_column]), _labels(path, frame[self.label_column]), groups)


def open_path(path: Path) -> Source:
    """The source that a path means.

    Raises:
        DataError: there is nothing there that could be one.
    """
    try:
        path.stat()
    except OSError as error:
        raise DataError(f"there is no such file or folder ({error.strerror})") from None
    if path.is_dir():
        if is_acl_imdb(path):
            return AclImdb(path)
        for suffix in READERS:
            if (train := path / f"train{suffix}").exists():
                test = path / f"test{suffix}"
                return Files(train, test if test.exists() else None)
        raise DataError(f"the folder holds no train file (choices: {', '.join(f'train{s}' for s in READERS)}, aclImdb)")
    if path.suffix not in READERS:
        raise DataError(f"files of type {path.suffix!r} cannot be read (choices: {', '.join(READERS)})")
    return Files(path, None)


def _read_delimited(path: Path, separator: str) -> pd.DataFrame:
    # The header is read as a row, since pandas would rename a column that occurs twice.
    frame = pd.read_csv(path, sep=separator, header=None, dtype=str, keep_default_na=False)
    frame.columns = pd.Index(frame.iloc[0])
    return frame.iloc[1:]


def _frame(path: Path) -> pd.DataFrame:
    try:
        with path.open("rb") as file:
            content = file.read()
        if not content:
            raise DataError(f"{path.name} is empty")
        if path.suffix != ".parquet" and b"\0" in content:
            raise DataError(f"{path.name} holds a NUL byte (byte {content.index(0)}); it must be UTF-8 text")
        return READERS[path.suffix](path)
    except EmptyDataError:
        raise DataError(f"{path.name} is empty") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name} is not UTF-8 (byte {error.start}: {error.reason})") from None
    except OSError as error:
        raise DataError(f"{path.name} cannot be read: {error.strerror or _line(error)}") from None
    except (ParserError, ArrowException, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path.name} is not a readable {path.suffix[1:]} file: {_line(error)}") from None


def _texts(path: Path, column: pd.Series) -> tuple[str, ...]:
    wrong = [row for row, value in enumerate(column) if not isinstance(value, str)]
    if wrong:
        raise DataError(f"{path.name}: {len(wrong)} texts are missing or not text, the first in row {wrong[0]}")
    return tuple(column)


def _groups(path: Path, column: pd.Series) -> tuple[str, ...]:
    # Rows of no known group would all count as one.
    missing = np.flatnonzero(column.isna() | (column == ""))
    if len(missing):
        raise DataError(
            f"{path.name}: column {column.name!r} is empty in {len(missing)} rows, first in row {missing[0]}"
        )
    return tuple(map(str, column))


def _labels(path: Path, column: pd.Series) -> IntArray:
    numbers = pd.to_numeric(column.replace({"True": 1, "False": 0}), errors="coerce").to_numpy(dtype=np.float64)
    wrong = np.flatnonzero(~np.isin(numbers, (0, 1)))
    if len(wrong):
        value = column.iloc[wrong[0]]
        raise DataError(
            f"{path.name}: {len(wrong)} labels are not 0 or 1, the first is {str(value)[:40]!r} in row {wrong[0]}"
        )
    if len(np.unique(numbers)) == 1:
        raise DataError(f"{path.name} has one class only: every label is {int(numbers[0])}")
    return numbers.astype(np.int64)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:160]
