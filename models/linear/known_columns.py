"""The columns of a hashed matrix that training knows."""

from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, get_index_dtype

from data.dataset import IntArray


class KnownColumns:
    """V of the columns of a wide sparse matrix.

    In time that grows with a matrix's entries, not with its width, as scipy's own choice of columns does.
    """

    def __init__(self, columns: IntArray, width: int) -> None:
        """Make the table that is looked up.

        Args:
            columns: (V,) different numbers below `width`, in the order that they are to have.
            width: columns of the wide matrix.

        Raises:
            ValueError: they are something else.
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
        """Those that `min_df` rows have or more, the most frequent first.

        A solver reads a few of them for most of the values; side by side, these stay in a processor's cache.
        """
        frequencies = np.bincount(wide.indices, minlength=wide.shape[1])
        columns = np.flatnonzero(frequencies >= min_df)
        return cls(columns[np.argsort(-frequencies[columns], kind="stable")], wide.shape[1])

    def __len__(self) -> int:
        """V."""
        return len(self.columns)

    def places(self, columns: IntArray) -> IntArray:
        """Where each of some columns of the wide matrix is among the V; -1 for one that is not."""
        return self._place[columns].astype(np.int64)

    def select(self, wide: csr_array) -> csr_array:
        """(N, V) of (N, width); within a row, values keep their order."""
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
