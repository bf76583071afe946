"""Order of the texts in time, from a column of dates or numbers."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from data.arrays import FloatArray
from data.errors import DataError


def parse_times(values: Sequence[object]) -> FloatArray:
    """Return (N,) times: numbers as they are, dates as seconds since 1970; NaN where there is none.

    Raises:
        TimesError: a value is neither a number nor a date.
    """
    series = pd.Series(list(values), dtype=object)
    empty = series.isna() | (series.astype(str).str.strip() == "")
    filled = series[~empty]
    numbers = pd.to_numeric(filled, errors="coerce")
    if numbers.isna().any():
        dates = pd.to_datetime(filled.astype(str), errors="coerce", utc=True, format="ISO8601")
        wrong = filled[dates.isna()]
        if len(wrong):
            raise TimesError(int(wrong.index[0]), len(wrong), str(wrong.iloc[0]))
        numbers = (dates - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
    times = np.full(len(series), np.nan)
    times[~empty.to_numpy(dtype=bool)] = numbers.to_numpy(dtype=np.float64)
    return times


class TimesError(DataError):
    """Values that are neither numbers nor dates.

    Attributes:
        row: the first one's.
    """

    def __init__(self, row: int, count: int, first: str) -> None:
        super().__init__(
            f"{count:,} value{'s' * (count != 1)} neither a number nor a date as 2024-12-31, first {first[:40]!r}"
        )
        self.row = row
