"""The predictions of one cell, read and checked."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from pyarrow import ArrowException

from benchmarks.redaction import plain
from benchmarks.schema.result import CellResult
from benchmarks.store.results import Store, StoreError
from reports.analysis.estimates import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Predictions:
    """What one cell said of the N test rows, by row number.

    Attributes:
        rows: (N,) row numbers in the source.
        labels: (N,) class indices.
        lengths: (N,) words.
        probabilities: (N, C).
        groups: (N,) the cluster that each row belongs to, such as a film; None where rows are independent.
    """

    rows: IntArray
    labels: IntArray
    lengths: IntArray
    probabilities: FloatArray
    groups: IntArray | None = None

    @cached_property
    def predicted(self) -> IntArray:
        """(N,) class indices."""
        predicted: IntArray = self.probabilities.argmax(axis=1)
        return predicted

    @cached_property
    def correct(self) -> BoolArray:
        """(N,) whether the prediction is the label."""
        correct: BoolArray = self.predicted == self.labels
        return correct


def read_predictions(store: Store, cell: CellResult, cell_id: str) -> Predictions:
    """Read the predictions of a cell that ended ok.

    Args:
        store: the results folder.
        cell: the cell.
        cell_id: its id, which is costly to work out again.

    Raises:
        StoreError: the file is not what such a cell leaves.
    """
    try:
        frame = store.read_predictions(cell_id).sort_values("row", kind="stable")
        columns = [f"probability_{index}" for index in range(len(cell.classes))]
        predictions = Predictions(
            rows=frame["row"].to_numpy(dtype=np.int64),
            labels=frame["label"].to_numpy(dtype=np.int64),
            lengths=frame["length"].to_numpy(dtype=np.int64),
            probabilities=frame[columns].to_numpy(dtype=np.float64),
            groups=np.unique(frame["group"].astype(str), return_inverse=True)[1] if "group" in frame else None,
        )
    except (ArrowException, OSError, KeyError, TypeError, ValueError, OverflowError) as error:
        reason = f"{type(error).__name__}: {plain(error)[:100]}"
        raise StoreError(f"predictions.parquet of {cell_id} cannot be read: {reason}") from None
    whole = len(predictions.rows) and np.isfinite(predictions.probabilities).all() and len(cell.classes) > 1
    if not whole or not np.isin(predictions.labels, np.arange(len(cell.classes))).all():
        raise StoreError(f"predictions.parquet of {cell_id} holds no probabilities of its {len(cell.classes)} classes")
    return predictions
