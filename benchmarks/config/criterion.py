"""The metric that models are selected by, and its cost matrix."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from unicodedata import normalize

from benchmarks.config.suite import Suite
from benchmarks.errors import UsageError
from benchmarks.redaction import shortened
from models.selection import ACCURACY, Criterion

Costs = tuple[tuple[float, ...], ...]


def criterion_of(suite: Suite, class_names: Sequence[str]) -> Criterion:
    """Return the criterion of a suite on data with those classes.

    Raises:
        UsageError: the metric `cost` has no cost matrix, another one has, or the matrix is not of these classes.
    """
    matrix = suite.data.cost_matrix or suite.cost_matrix
    if suite.metric == "cost":
        if matrix is None:
            raise UsageError("it needs --cost-matrix FILE", option="metric", value="cost")
        return Criterion("cost", read_costs(Path(matrix), class_names))
    if matrix is not None:
        raise UsageError("it needs --metric cost", option="cost_matrix", value=matrix)
    return ACCURACY if suite.metric is None else Criterion(suite.metric)


def read_costs(path: Path, class_names: Sequence[str]) -> Costs:
    """Return C rows by label of C costs by predicted class, in the order of the class names.

    The file is a CSV table: its first line names the predicted classes, the first column the labels.

    Raises:
        UsageError: it cannot be read, is not such a table of these classes, or has a cost below 0.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            head, *rows = [[normalize("NFC", field.strip()) for field in row] for row in csv.reader(stream) if row]
    except OSError as error:
        raise _refused(path, f"it cannot be read: {error.strerror}") from None
    except (ValueError, csv.Error):
        raise _refused(path, "it is no CSV table with a line of class names") from None
    predicted, labels = head[1:], [row[0] for row in rows]
    shape = f"{len(labels)} x {len(predicted)}"
    for what, found in (("columns", predicted), ("rows", labels)):
        if sorted(found) != sorted(class_names):
            wanted = shortened(", ".join(class_names), 120)
            raise _refused(path, f"{shape}: its {what} are not the {len(class_names)} classes of the data ({wanted})")
    return tuple(
        tuple(_cost(path, rows[labels.index(label)], 1 + predicted.index(name)) for name in class_names)
        for label in class_names
    )


def _cost(path: Path, row: Sequence[str], column: int) -> float:
    try:
        cost = float(row[column])
    except (IndexError, ValueError):
        cost = math.nan
    if not math.isfinite(cost):
        raise _refused(path, f"row {shortened(row[0])!r} holds other than a number for each class")
    if cost < 0:
        raise _refused(
            path,
            f"row {shortened(row[0])!r} holds {cost:g}, and costs are 0 or more; for a gain, add the same number to "
            "all costs of the row: that changes no comparison",
        )
    return cost


def _refused(path: Path, reason: str) -> UsageError:
    return UsageError(reason, option="cost_matrix", value=path)
