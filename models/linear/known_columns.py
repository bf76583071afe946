"""The columns of a hashed matrix that training knows."""

from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, get_index_dtype

from data.dataset import IntArray


class KnownColumns:
    """A choice of V columns of a wide sparse matrix.

    Its time grows with a matrix's entries; the time of scipy's own indexing grows with the width.
    """

    def __init__(self, columns: IntArray, width: int) -> None:
        """Build the lookup table.

        Args:
            columns: (V,) distinct numbers below `width`, in the wanted order.
            width: columns of the wide matrix.

        Raises:
            ValueError: they are not distinct 64-bit integers below `width`.
        """
        if columns.dtype != np.int64 or columns.ndim != 1:
            raise ValueError("columns are not a list of 64-bit integers")
        if (np.diff(np.sort(columns), prepend=-1, append=width) <= 0).any():
            raise ValueError(f"columns are not different numbers below {width}")
        self.columns = columns
        self._place = np.full(width, -1, dtype=np.int32)
        self._place[columns] = np.arange(len(columns), dtype=np.int32)

    @classmethod
    def frequent(cls, wide: csr_array, min_df: int) -> Self:
        """Choose the columns with values in at least `min_df` rows, most frequent first.

        A few columns hold most of the values; side by side, these stay in a processor's cache.
        """
        frequencies = np.bincount(wide.indices, minlength=wide.shape[1])
        columns = np.flatnonzero(frequencies >= min_df)
        return cls(columns[np.argsort(-frequencies[columns], kind="stable")], wide.shape[1])

    def __len__(self) -> int:
        """Return V."""
        return len(self.columns)

    def places(self, columns: IntArray) -> IntArray:
        """Return the place of each given column of the wide matrix among the V; -1 for a column that was not chosen."""
        return self._place[columns].astype(np.int64)

    def select(self, wide: csr_array) -> csr_array:
        """Reduce (N, width) to (N, V); within a row, values keep their order."""
        places = self._place[wide.indices]
        known = places >= 0
        ends = np.concatenate([[0], np.cumsum(known)])[wide.indptr]
        return sparse_rows(wide.data[known], places[known], ends, len(self))


def sparse_rows(
    values: npt.NDArray[np.float32], columns: npt.NDArray[np.int32], ends: npt.NDArray[np.int64], width: int
) -> csr_array:
    """(N, `width`), row i with the values and columns from `ends`[i] to `ends`[i + 1].

    Its indices have 32 bits where these suffice: scikit-learn wants no more.
    """
    ends = ends.astype(get_index_dtype(maxval=int(ends[-1])))
    return csr_array((values, columns, ends), shape=(len(ends) - 1, width))
