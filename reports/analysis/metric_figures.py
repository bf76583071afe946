"""Metrics by which candidates can be ranked, as figures with the influence of each test row; higher is better."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.schema.confidence import SMALLEST, tempered
from benchmarks.store.results import StoreError
from reports.analysis.estimates import Figure, FloatArray, IntArray, figure_of
from reports.analysis.evidence import Evidence
from reports.analysis.results import Results
from reports.analysis.temperature import members


class Metric(NamedTuple):
    """A metric.

    Attributes:
        name: in reports.
        unit: of differences and tolerances: "pp", percentage points of a share of one, or "nats".
        tolerance: the default.
    """

    name: str
    unit: str
    tolerance: float


METRICS = {
    "accuracy": Metric("accuracy", "pp", 0.01),
    "macro_f1": Metric("macro-F1", "pp", 0.01),
    "balanced_accuracy": Metric("balanced accuracy", "pp", 0.01),
    "log_loss": Metric("log loss", "nats", 0.02),
}


def metric_figure(metric: str, evidence: Evidence, results: Results) -> Figure:
    """The metric of each training, and how much each cluster of test rows moves it.

    The log loss is that of calibrated probabilities, with its sign changed.

    Args:
        metric: a key of `METRICS`.
        evidence: of one configuration.
        results: that it comes from.

    Raises:
        StoreError: log loss, and a cell has no calibration.
    """
    if metric == "accuracy":
        return evidence.accuracy
    kept = evidence.rows.kept
    found = []
    for cell in evidence.configuration.cells:
        own = results.predictions(cell)
        probabilities = own.probabilities
        if metric == "log_loss":
            if cell.calibration is None:
                raise StoreError(f"{results.folder} holds results without a calibration: run the suite again")
            probabilities = tempered(probabilities, cell.calibration.temperature)
        found.append(_ROWS[metric](own.labels[kept], probabilities[kept]))
    grouped = [_average(found, own) for own in members(evidence)]
    values = np.array([value for value, _ in grouped])
    return figure_of(values, np.stack([influence for _, influence in grouped]), evidence.rows.clusters)


def _average(found: Sequence[tuple[float, FloatArray]], own: Sequence[int]) -> tuple[float, FloatArray]:
    influence: FloatArray = np.mean([found[index][1] for index in own], axis=0)
    return float(np.mean([found[index][0] for index in own])), influence


def _balanced_accuracy(labels: IntArray, probabilities: FloatArray) -> tuple[float, FloatArray]:
    """Mean recall over the classes that occur."""
    classes = probabilities.shape[1]
    right = (probabilities.argmax(axis=1) == labels).astype(np.float64)
    rows = np.bincount(labels, minlength=classes)
    recall = np.bincount(labels, weights=right, minlength=classes) / np.maximum(rows, 1)
    occurring = int((rows > 0).sum())
    return float(recall[rows > 0].mean()), (right - recall[labels]) / (occurring * rows[labels])


def _macro_f1(labels: IntArray, probabilities: FloatArray) -> tuple[float, FloatArray]:
    """Mean F1 over the classes that occur or are predicted; its influence by the delta method."""
    classes = probabilities.shape[1]
    predicted = probabilities.argmax(axis=1)
    right = (predicted == labels).astype(np.float64)
    sizes = np.bincount(labels, minlength=classes) + np.bincount(predicted, minlength=classes)
    scores = 2 * np.bincount(labels, weights=right, minlength=classes) / np.maximum(sizes, 1)
    occurring = int((sizes > 0).sum())
    true, said = (1 / sizes[labels], 1 / sizes[predicted])
    influence = 2 * right * true - scores[labels] * true - scores[predicted] * said
    return float(scores[sizes > 0].mean()), influence / occurring


def _log_likelihood(labels: IntArray, probabilities: FloatArray) -> tuple[float, FloatArray]:
    """Mean logarithm of the probability of the true class."""
    logs = np.log(probabilities[np.arange(len(labels)), labels].clip(SMALLEST))
    return float(logs.mean()), (logs - logs.mean()) / len(labels)


_ROWS: dict[str, Callable[[IntArray, FloatArray], tuple[float, FloatArray]]] = {
    "balanced_accuracy": _balanced_accuracy,
    "macro_f1": _macro_f1,
    "log_loss": _log_likelihood,
}
