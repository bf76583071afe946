"""The predictions of one cell, read and checked."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from pyarrow import ArrowException

from benchmarks.redaction import plain
from benchmarks.schema.result import CellResult
from benchmarks.store.results import Store, StoreError
from reports.analysis.estimates import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Predictions:
    """Predictions of one cell for the N test rows, by row number.

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


def read_predictions(store: Store, cell: CellResult, cell_id: str, like: Predictions | None = None) -> Predictions:
    """Read the predictions of a cell that ended ok.

    Args:
        store: the results folder.
        cell: the cell.
        cell_id: its id, which is costly to work out again.
        like: predictions whose rows are shared where they are the same, so that many cells need little memory.

    Raises:
        StoreError: the file is not what such a cell leaves.
    """
    try:
        frame = store.read_predictions(cell_id)
        rows = frame["row"].to_numpy(dtype=np.int64)
        if (rows[1:] < rows[:-1]).any():
            frame = frame.sort_values("row", kind="stable")
        predictions = _shared(frame, len(cell.classes), like)
    except (ArrowException, OSError, KeyError, TypeError, ValueError, OverflowError) as error:
        reason = f"{type(error).__name__}: {plain(error)[:100]}"
        raise StoreError(f"predictions.parquet of {cell_id} cannot be read: {reason}") from None
    labels, classes = predictions.labels, len(cell.classes)
    whole = len(labels) and np.isfinite(predictions.probabilities).all() and classes > 1
    if not whole or labels.min() < 0 or labels.max() >= classes:
        raise StoreError(f"predictions.parquet of {cell_id} holds no probabilities of its {classes} classes")
    return predictions


def _shared(frame: pd.DataFrame, classes: int, like: Predictions | None) -> Predictions:
    """The predictions in a frame, with the rows of `like` where they are the same."""
    probabilities = np.column_stack([frame[f"probability_{n}"].to_numpy(dtype=np.float64) for n in range(classes)])
    own = {
        "rows": frame["row"].to_numpy(dtype=np.int64),
        "labels": frame["label"].to_numpy(dtype=np.int64),
        "lengths": frame["length"].to_numpy(dtype=np.int64),
    }
    if like is not None and all(np.array_equal(column, getattr(like, name)) for name, column in own.items()):
        return Predictions(like.rows, like.labels, like.lengths, probabilities, like.groups)
    groups = np.unique(frame["group"].astype(str), return_inverse=True)[1] if "group" in frame else None
    return Predictions(**own, probabilities=probabilities, groups=groups)
