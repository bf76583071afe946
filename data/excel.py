"""The first sheet of an Excel workbook that holds rows."""

from dataclasses import dataclass
from io import BufferedReader, BytesIO

import numpy as np
import pandas as pd

from data.archive import check_unpacked_size
from data.arrays import IntArray
from data.errors import DataError

MISSING = (
    ".xlsx files need the package openpyxl: `python -m pip install -c constraints.txt openpyxl`, or save the sheet as "
    "CSV in UTF-8"
)


@dataclass(frozen=True)
class Sheet:
    """A sheet whose first row that is not empty names the columns.

    Attributes:
        frame: N rows; an empty cell is "".
        rows: (N,) their numbers in the sheet, from 1.
        notes: the sheets that are left out.
    """

    frame: pd.DataFrame
    rows: IntArray
    notes: tuple[str, ...]


def read_sheet(stream: BufferedReader, name: str, most: int) -> Sheet:
    """Read the first sheet that holds rows; formulae count as the values that the workbook keeps of them.

    Args:
        stream: the workbook.
        name: its name, for messages.
        most: bytes that it may unpack to.

    Raises:
        DataError: openpyxl is not installed, the workbook is too large, or no sheet holds rows.
    """
    try:
        import openpyxl  # noqa: F401  (pandas' engine)
    except ImportError:
        raise DataError(MISSING) from None
    content = BytesIO(stream.read())
    check_unpacked_size(content, name, most)
    with pd.ExcelFile(content, engine="openpyxl") as book:
        titles = [str(title) for title in book.sheet_names]
        for title in titles:
            cells = book.parse(title, header=None, dtype=object, na_filter=False)
            filled = np.flatnonzero((cells != "").any(axis=1).to_numpy())
            if len(filled) > 1:
                others = ", ".join(repr(other) for other in titles if other != title)
                note = f"{name}: the sheet {title!r} is read, and not {others}; for another, save it as CSV"
                return Sheet(*_table(cells, filled), (note,) * bool(others))
    raise DataError(f"{name} has no sheet with rows")


def _table(cells: pd.DataFrame, filled: IntArray) -> tuple[pd.DataFrame, IntArray]:
    """Return the rows below the header, and their numbers in the sheet. Columns without any value are left out."""
    header, rows = filled[0], filled[1:]
    used = [column for column in cells.columns if (cells[column].iloc[filled] != "").any()]
    frame = cells.loc[rows, used].reset_index(drop=True)
    frame.columns = pd.Index([str(cells.loc[header, column]).strip() for column in used])
    return frame, rows + 1
