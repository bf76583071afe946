"""Data frames as files, so that they are read as any other table is."""

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
import pyarrow as pa

from benchmarks.errors import UsageError
from data.labels import SCALARS

NAME = re.compile(r"\w[\w .-]{0,99}")
"""Names that are safe as a file's."""

SPLITS = {"train": "train", "valid": "valid", "validation": "valid", "test": "test"}
"""Key of a mapping -> the file that holds the split."""


class Table(Protocol):
    """A table of another library, such as a `datasets.Dataset`."""

    def to_pandas(self) -> Any:
        """Convert it to a pandas DataFrame."""


Frame = pd.DataFrame | Table
"""Rows with a column of texts and one of labels."""


@contextmanager
def as_path(data: str | Path | Frame | Mapping[str, Frame], name: str) -> Iterator[str]:
    """Yield the name or path of a dataset; data frames are written to a temporary folder for the block.

    Args:
        data: a name or path; a pandas DataFrame or a `datasets.Dataset`; or a mapping of "train", "valid" and "test" to
            these, such as a `datasets.DatasetDict`.
        name: how results name a frame.

    Raises:
        UsageError: `data` is none of these, or a column holds values that are no scalars.
    """
    if isinstance(data, str | Path):
        yield str(data)
        return
    if not NAME.fullmatch(name):
        raise UsageError("a name has letters, digits, blanks, - _ and . only", option="name", value=name)
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        if isinstance(data, Mapping):
            target = Path(folder) / name
            target.mkdir()
            for key, split in data.items():
                if key not in SPLITS:
                    raise UsageError(f"no split has that key (choices: {', '.join(SPLITS)})", option="data", value=key)
                _write(_as_frame(split), target / f"{SPLITS[key]}.parquet")
        else:
            target = Path(folder) / f"{name}.parquet"
            _write(_as_frame(data), target)
        yield str(target)


def _mixed(frame: pd.DataFrame) -> list[Any]:
    """Return the columns that hold scalars of several types, as columns of a spreadsheet do: 1, 2, "four"."""
    found = []
    for name in frame.columns:
        if frame.columns.tolist().count(name) == 1 and frame[name].dtype == object:
            types = {type(value) for value in frame[name].dropna()}
            if len(types) > 1 and all(issubclass(kind, SCALARS) for kind in types):
                found.append(name)
    return found


def _as_text(column: pd.Series) -> pd.Series:
    """Return the values as a CSV file has them; missing ones stay missing."""
    return column.map(str, na_action="ignore")


def _as_frame(data: Any) -> pd.DataFrame:
    if isinstance(data, pd.DataFrame):
        return data
    if not hasattr(data, "to_pandas"):
        wanted = "a name, a path, a pandas DataFrame, a datasets.Dataset, or a mapping of these by split"
        raise UsageError(f"data of type {type(data).__name__} cannot be read (choices: {wanted})")
    frame: pd.DataFrame = data.to_pandas()
    for column, feature in getattr(data, "features", {}).items():
        if names := getattr(feature, "names", None):  # a ClassLabel; -1 is a label that is missing
            frame[column] = [names[int(n)] if pd.notna(n) and n >= 0 else None for n in frame[column]]
    return frame


def _write(frame: pd.DataFrame, path: Path) -> None:
    try:
        frame.assign(**{name: _as_text(frame[name]) for name in _mixed(frame)}).to_parquet(path, index=False)
    except (pa.ArrowException, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"the data frame cannot be written as Parquet: {reason}") from None
