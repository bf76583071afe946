"""Batches of texts of similar length, so that little work goes into padding."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from data.dataset import IntArray

TokenIds = npt.NDArray[np.int32]

PAD_ID = 0
WINDOW = 50
"""Number of batches whose texts are sorted together; more would pad less, and shuffle less."""


def training_batches(counts: IntArray, batch_size: int, generator: np.random.Generator) -> list[IntArray]:
    """Draw one epoch: every row once, in random batches of rows of similar length, in random order.

    Rows are shuffled, sorted by length within windows of `WINDOW` batches, cut into batches, and the batches shuffled.

    Args:
        counts: (N,) tokens of each text.
        batch_size: rows of a batch; one batch has what is left over.
        generator: source of the order.
    """
    order = generator.permutation(len(counts))
    batches = []
    for start in range(0, len(order), batch_size * WINDOW):
        window = order[start : start + batch_size * WINDOW]
        window = window[np.argsort(counts[window], kind="stable")]
        batches += [window[first : first + batch_size] for first in range(0, len(window), batch_size)]
    return [batches[i] for i in generator.permutation(len(batches))]


def scoring_batches(counts: IntArray, token_budget: int) -> list[IntArray]:
    """Cut all rows, longest first, into batches of at most `token_budget` tokens with padding, or of one row.

    Longest first, so that a lack of memory shows at once.
    """
    order = np.argsort(-counts, kind="stable")
    batches = []
    start = 0
    while start < len(order):
        rows = max(1, token_budget // max(1, int(counts[order[start]])))
        batches.append(order[start : start + rows])
        start += rows
    return batches


def pad(texts: Sequence[TokenIds], length: int = 1) -> TokenIds:
    """Return (B, T) ids of B texts, padded on the right with `PAD_ID`; T is the longest, and at least `length`."""
    padded = np.full((len(texts), max(length, *map(len, texts))), PAD_ID, dtype=np.int32)
    for row, ids in zip(padded, texts, strict=True):
        row[: len(ids)] = ids
    return padded


def token_counts(texts: Sequence[TokenIds]) -> IntArray:
    """Return (N,) tokens of each text."""
    return np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
