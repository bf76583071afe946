"""Metrics by which candidates can be ranked, as figures with the influence of each test row; higher is better."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from benchmarks.schema.confidence import SMALLEST, tempered
from benchmarks.store.results import StoreError
from reports.analysis.estimates import BoolArray, Figure, FloatArray, IntArray, Interval, figure_of
from reports.analysis.evidence import Evidence
from reports.analysis.results import Results
from reports.analysis.temperature import members


class Metric(NamedTuple):
    """A metric.

    Attributes:
        name: in reports.
        unit: of differences and tolerances: "pp", percentage points of a share of one, "nats", or "cost".
        tolerance: the default.
    """

    name: str
    unit: str
    tolerance: float

    @property
    def is_share(self) -> bool:
        """Whether it is a share, shown in percent, of which more is better; else less is better."""
        return self.unit == "pp"

    @property
    def largest_difference(self) -> float:
        """The largest that two figures can differ by."""
        return 1.0 if self.is_share else np.inf

    @property
    def title(self) -> str:
        """Name at the start of a sentence."""
        return self.name[0].upper() + self.name[1:]

    @property
    def axis(self) -> str:
        """What a figure's axis shows."""
        if self.is_share:
            return f"{self.name} in percent"
        return f"{self.name}{f' in {self.unit}' if self.unit != self.name else ''}, less is better"

    @property
    def heading(self) -> str:
        """Name of its column."""
        return f"{self.name} %" if self.is_share else self.name

    @property
    def difference_unit(self) -> str:
        """Unit of its differences in a sentence."""
        return "points" if self.is_share else self.unit

    def within(self, interval: Interval) -> Interval:
        """An interval of a figure, without values that the metric cannot have."""
        return Interval(max(interval.low, 0.0), min(interval.high, 1.0)) if self.is_share else interval

    def shown(self, figure: float) -> float:
        """A figure, higher being better, as reports show it: in percent, or as a loss."""
        return 100 * figure if self.is_share else 0.0 - figure  # never a negative nought

    def shown_interval(self, interval: Interval) -> Interval:
        """The interval of such a figure, the lower end first."""
        return Interval(*sorted((self.shown(interval.low), self.shown(interval.high))))


METRICS = {
    "accuracy": Metric("accuracy", "pp", 0.01),
    "macro_f1": Metric("macro-F1", "pp", 0.01),
    "balanced_accuracy": Metric("balanced accuracy", "pp", 0.01),
    "average_precision": Metric("average precision", "pp", 0.01),
    "log_loss": Metric("log loss", "nats", 0.02),
    "cost": Metric("cost", "cost", 0.01),
}

RowFigure = Callable[[IntArray, FloatArray], tuple[float, FloatArray]]
"""From labels (N,) and probabilities (N, C) to the metric and the influence (N,) of each row."""


def metric_figure(metric: str, evidence: Evidence, results: Results) -> Figure:
    """The metric of each training, and how much each cluster of test rows moves it.

    The log loss is that of calibrated probabilities, with its sign changed, as the mean cost has it.

    Args:
        metric: a key of `METRICS`.
        evidence: of one configuration.
        results: that it comes from.

    Raises:
        StoreError: log loss, and a cell has no calibration; or cost, and the run has no cost matrix.
    """
    if metric == "accuracy":
        return evidence.accuracy
    figure = _row_figure(metric, results)
    kept = evidence.rows.kept
    found = []
    for cell in evidence.configuration.cells:
        own = results.predictions(cell)
        probabilities = own.probabilities
        if metric == "log_loss":
            if cell.calibration is None:
                raise StoreError(f"{results.folder} holds results without a calibration: run the suite again")
            probabilities = tempered(probabilities, cell.calibration.temperature)
        found.append(figure(own.labels[kept], probabilities[kept]))
    grouped = [_average(found, own) for own in members(evidence)]
    values = np.array([value for value, _ in grouped])
    return figure_of(values, np.stack([influence for _, influence in grouped]), evidence.rows.clusters)


def _row_figure(metric: str, results: Results) -> RowFigure:
    if metric != "cost":
        return ROW_FIGURES[metric]
    costs = results.run.get("costs")
    if not costs:
        raise StoreError(
            f"{results.folder} was run without a cost matrix: run it with --metric cost --cost-matrix FILE"
        )
    return partial(_cost, costs=np.array(costs, dtype=np.float64))


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


def _average_precision(labels: IntArray, probabilities: FloatArray) -> tuple[float, FloatArray]:
    """Average precision of each class against the rest, the mean over the classes that occur.

    Of two classes, that of the rarer one, the second where both are as frequent.
    """
    counts = np.bincount(labels, minlength=probabilities.shape[1])
    classes = [int(counts[1] <= counts[0])] if len(counts) == 2 and counts.all() else np.flatnonzero(counts)
    found = [_ranked(labels == one, probabilities[:, one]) for one in classes]
    return float(np.mean([value for value, _ in found])), np.mean([influence for _, influence in found], axis=0)


def _ranked(positive: BoolArray, scores: FloatArray) -> tuple[float, FloatArray]:
    """Average precision of one class: the mean over its rows of the precision at their score; rows that tie share it.

    A further row of weight w moves it in two ways: by its own precision, if it is of the class, and by the precision at
    the lower scores, whose counts it enters (delta method).
    """
    levels, level = np.unique(-scores, return_inverse=True)
    own = np.bincount(level, weights=positive, minlength=len(levels))
    right = np.cumsum(own)
    retrieved = np.cumsum(np.bincount(level, minlength=len(levels)))
    precision, total = right / retrieved, positive.sum()
    value = float((own * precision).sum() / total)
    # Over the levels at or below a row's: what one more row of the class, and one more row, changes in each precision.
    gained = np.cumsum((own / retrieved)[::-1])[::-1]
    lost = np.cumsum((own * precision / retrieved)[::-1])[::-1]
    influence: FloatArray = (positive * (precision[level] - value + gained[level]) - lost[level]) / total
    return value, influence


def _cost(labels: IntArray, probabilities: FloatArray, costs: FloatArray) -> tuple[float, FloatArray]:
    """Mean cost of the predicted classes, with its sign changed; `costs` (C, C) by label and predicted class."""
    own = -costs[labels, probabilities.argmax(axis=1)]
    return float(own.mean()), (own - own.mean()) / len(labels)


def _log_likelihood(labels: IntArray, probabilities: FloatArray) -> tuple[float, FloatArray]:
    """Mean logarithm of the probability of the true class."""
    logs = np.log(probabilities[np.arange(len(labels)), labels].clip(SMALLEST))
    return float(logs.mean()), (logs - logs.mean()) / len(labels)


ROW_FIGURES: dict[str, RowFigure] = {
    "average_precision": _average_precision,
    "balanced_accuracy": _balanced_accuracy,
    "macro_f1": _macro_f1,
    "log_loss": _log_likelihood,
}
"""Metrics of labels and probabilities alone; cost has a matrix as well, and accuracy tests of its own."""
