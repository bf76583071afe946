"""Selective prediction: answering the texts that a model is sure of, and leaving the rest to a person.

The confidence is the calibrated probability of the predicted class. Thresholds are chosen on validation, and what they
give is counted on test.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.schema.confidence import clustered_lower_bound, confidence_for
from reports.analysis.estimates import (
    BoolArray,
    Estimate,
    FloatArray,
    IntArray,
    estimate,
    figure_of,
    mean_figure,
)
from reports.analysis.evidence import Evidence
from reports.analysis.results import Results
from reports.analysis.temperature import averaged, calibrated

WANTED = (0.95, 0.98, 0.99)
"""Accuracies at which texts are to be labelled automatically."""

COVERAGES = (0.5, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class Automatic:
    """The result on test of a threshold for a wanted accuracy.

    Attributes:
        wanted: accuracy.
        share: of the texts answered; 0 where validation shows the accuracy at no threshold.
        share_low: 95 % lower bound.
        accuracy: of the answers; NaN without any.
        accuracy_low: 95 % lower bound.
    """

    wanted: float
    share: float
    share_low: float
    accuracy: float
    accuracy_low: float

    @property
    def kept(self) -> bool:
        """Whether test shows that the answers have the wanted accuracy."""
        return self.accuracy_low >= self.wanted


@dataclass(frozen=True)
class Selection:
    """The risk-coverage curve of a configuration, and what can be labelled automatically.

    Attributes:
        evidence: the configuration.
        area: under the curve, the mean error over all coverages (Geifman, Uziel & El-Yaniv 2019, "Bias-reduced
            uncertainty estimation for deep neural classifiers", ICLR); lower is better.
        errors: at each of `COVERAGES`, the error rate of the surest share of the texts.
        curve: (N,) error rate of the 1, 2, .. N surest rows, the mean over trainings.
        automatic: for each of `WANTED`; none where the cells were not calibrated.
    """

    evidence: Evidence
    area: Estimate
    errors: tuple[float, ...]
    curve: FloatArray
    automatic: tuple[Automatic, ...]


def selections(evidence: Sequence[Evidence], results: Results) -> tuple[Selection, ...]:
    """One for each configuration."""
    return tuple(_selection(one, results) for one in evidence)


def risk_coverage(confidence: FloatArray, right: BoolArray) -> FloatArray:
    """(N,) error rate of the 1, 2, .. N surest rows; rows of the same confidence share the mean of their errors."""
    _, errors = _sorted_errors(confidence, right)
    risk: FloatArray = np.cumsum(errors) / np.arange(1, len(errors) + 1)
    return risk


def area_under_risk_coverage(confidence: FloatArray, right: BoolArray) -> tuple[float, FloatArray]:
    """The mean of the error rate over all coverages, and the influence (N,) of each row on it.

    A row's weight changes the area in two ways: its own coverage counts more, and its error enters the error rate of
    every larger coverage. The derivative of both is closed, so that no bootstrap is needed.
    """
    order, errors = _sorted_errors(confidence, right)
    rows = len(errors)
    counts = np.arange(1, rows + 1)
    risk = np.cumsum(errors) / counts
    area = float(risk.mean())
    larger = np.cumsum((1 / counts)[::-1])[::-1]
    at_larger = np.cumsum((risk / counts)[::-1])[::-1]
    influence = np.empty(rows)
    influence[order] = (risk - area + errors * larger - at_larger) / rows
    return area, influence


def _sorted_errors(confidence: FloatArray, right: BoolArray) -> tuple[IntArray, FloatArray]:
    """(N,) row numbers, the surest first, and their errors in this order, the mean where confidences are equal."""
    order = np.argsort(-confidence, kind="stable")
    falling, errors = confidence[order], 1.0 - right[order]
    starts = np.concatenate([[0], np.flatnonzero(falling[1:] < falling[:-1]) + 1])
    sizes = np.diff(np.append(starts, len(errors)))
    return order, np.repeat(np.add.reduceat(errors, starts) / sizes, sizes)


def _selection(evidence: Evidence, results: Results) -> Selection:
    kept = evidence.rows.kept
    cells = evidence.configuration.cells
    predictions = [calibrated(results.predictions(cell), cell) for cell in cells]
    trainings = [(one.probabilities[kept].max(axis=1), one.correct[kept]) for one in predictions]
    rows = len(evidence.rows.labels)
    curves = averaged(evidence, [risk_coverage(*one) for one in trainings])
    areas = [area_under_risk_coverage(*one) for one in trainings]
    values = averaged(evidence, [np.array(area) for area, _ in areas])
    area = estimate(
        figure_of(values, averaged(evidence, [influence for _, influence in areas]), evidence.rows.clusters)
    )
    thresholds = (
        {wanted: [confidence_for(wanted, cell.calibration) for cell in cells if cell.calibration] for wanted in WANTED}
        if all(cell.calibration for cell in cells)
        else {}
    )
    return Selection(
        evidence=evidence,
        area=area,
        errors=tuple(float(curves[:, max(int(np.ceil(share * rows)) - 1, 0)].mean()) for share in COVERAGES),
        curve=curves.mean(axis=0),
        automatic=tuple(_automatic(evidence, trainings, wanted, own) for wanted, own in thresholds.items()),
    )


def _automatic(
    evidence: Evidence,
    trainings: Sequence[tuple[FloatArray, BoolArray]],
    wanted: float,
    thresholds: Sequence[float | None],
) -> Automatic:
    answered = [
        confidence >= (2.0 if threshold is None else threshold)
        for (confidence, _), threshold in zip(trainings, thresholds, strict=True)
    ]
    right = [own & correct for own, (_, correct) in zip(answered, trainings, strict=True)]
    given = averaged(evidence, [own.astype(np.float64) for own in answered])
    good = averaged(evidence, [own.astype(np.float64) for own in right])
    share, share_low = _bounded(evidence, given, np.ones_like(given))
    accuracy, accuracy_low = _bounded(evidence, good, given)
    return Automatic(wanted, share, share_low, accuracy, accuracy_low)


def _bounded(evidence: Evidence, part: FloatArray, whole: FloatArray) -> tuple[float, float]:
    """A share of rows with its 95 % lower bound, by as many independent rows as carry the same information.

    The share is that of all trainings together, a ratio of means, to which a training counts by its rows: one whose
    `whole` is empty has no share of its own. Few clusters or trainings count for less.

    Args:
        evidence: says which rows belong together.
        part: (S, N) at most `whole`.
        whole: (S, N).
    """
    rows, sizes = whole.shape[1], whole.sum(axis=1)
    size = float(sizes.mean())
    if size == 0:
        return float("nan"), 0.0
    value = float(part.sum() / whole.sum())
    shares = value + (part.sum(axis=1) - value * sizes) / size
    centred = mean_figure(rows * (part - value * whole) / size, clusters=evidence.rows.clusters)
    found = estimate(replace(centred, values=shares))
    spread = value * (1 - value)
    effect = found.standard_error**2 * size / spread if spread > 0 else 1.0
    return value, clustered_lower_bound(value, size, effect, min(found.degrees, centred.degrees))
