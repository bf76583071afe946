"""Contributions of words to a linear model's logits, where features are runs of words in hashed columns."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from data.arrays import FloatArray, IntArray


def word_shares(
    runs: Sequence[IntArray],
    features: csr_array,
    coefficients: npt.NDArray[np.floating],
    sharing: npt.NDArray[np.bool_] | None = None,
) -> FloatArray:
    """(T, C) shares of T words in a text's logits; they sum to `features @ coefficients`, in float64.

    A column's part of the logits is divided equally among the occurrences of its runs, and an occurrence's part equally
    among its words. Runs whose hashes collide share a column and are one feature to the model; where a text holds
    several of them, they share its part as occurrences of one run do.

    Args:
        runs: for each length of a run from 1 word on, (max(0, T - length + 1),) the column of the run that begins at
            each word; -1 where the model does not know it.
        features: (1, V) of the text; only columns that are in `runs` have values.
        coefficients: (V, C).
        sharing: (T,) whether a word takes part in the division, at least one word of each run does; None: all do.
    """
    row = csr_array(features, copy=True)
    row.sort_indices()
    parts = row.data.astype(np.float64)[:, None] * coefficients[row.indices].astype(np.float64)  # (columns held, C)
    known = np.concatenate(runs)
    places = np.searchsorted(row.indices, known[known >= 0])
    parts /= np.bincount(places, minlength=len(parts)).clip(1)[:, None]
    shares = np.zeros((len(runs[0]), coefficients.shape[1]))
    takes = np.ones(len(shares), dtype=bool) if sharing is None else sharing
    before = np.concatenate([[0], np.cumsum(takes)])
    for length, columns in enumerate(runs, start=1):
        starts = np.flatnonzero(columns >= 0)
        each = parts[np.searchsorted(row.indices, columns[starts])]
        each /= (before[starts + length] - before[starts])[:, None]
        for offset in range(length):
            taken = takes[starts + offset]
            shares[starts[taken] + offset] += each[taken]  # one run of a length begins at a word: no start occurs twice
    return shares


def each_class(logits: FloatArray) -> FloatArray:
    """Return (..., C) logits; a single logit (..., 1), of the second of two classes, becomes (..., 2)."""
    return np.concatenate([-logits, logits], axis=-1) if logits.shape[-1] == 1 else logits
