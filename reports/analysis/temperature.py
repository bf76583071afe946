"""Calibration by temperature scaling: the same metrics before and after it, on test."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.schema.confidence import SMALLEST, tempered
from benchmarks.schema.result import CellResult
from reports.analysis.calibration_error import CalibrationError, bins, calibration_error
from reports.analysis.estimates import Estimate, FloatArray, estimate, mean_figure
from reports.analysis.evidence import Evidence
from reports.analysis.predictions import Predictions
from reports.analysis.results import Results


@dataclass(frozen=True)
class Scores:
    """Calibration of probabilities on the test rows that count.

    Attributes:
        error: expected calibration error.
        brier: Brier score, summed over classes, 0 to 2.
        log_loss: in nats.
    """

    error: CalibrationError
    brier: Estimate
    log_loss: Estimate


@dataclass(frozen=True)
class Scaling:
    """A configuration before and after temperature scaling.

    Attributes:
        evidence: the configuration.
        temperatures: of each training, fitted on its validation rows; above 1 the model is too sure of itself.
        before, after: of the model's own probabilities, and of the calibrated ones.
        gain: log loss before less after, paired by row.
    """

    evidence: Evidence
    temperatures: tuple[float, ...]
    before: Scores
    after: Scores
    gain: Estimate


def scalings(evidence: Sequence[Evidence], results: Results) -> tuple[Scaling, ...]:
    """One for each configuration all of whose cells were calibrated."""
    return tuple(
        _scaling(one, results)
        for one in evidence
        if all(cell.calibration is not None for cell in one.configuration.cells)
    )


def calibrated(predictions: Predictions, cell: CellResult) -> Predictions:
    """The predictions with calibrated probabilities; as they are where the cell was not calibrated."""
    if cell.calibration is None:
        return predictions
    return replace(predictions, probabilities=tempered(predictions.probabilities, cell.calibration.temperature))


def members(evidence: Evidence) -> list[list[int]]:
    """Indices of the cells behind each row of the evidence: one, or all seeds of a repeat.

    They are all cells where all name the same classes, which may still differ in their probabilities: the mean counts.
    """
    if not evidence.distinct:
        return [list(range(len(evidence.configuration.cells)))]
    cells = evidence.configuration.trainings
    return [
        [index for index, (own, number) in enumerate(cells) if own == repeat and seed in (number, -1)]
        for repeat, seed in evidence.trainings
    ]


def averaged(evidence: Evidence, values: Sequence[FloatArray]) -> FloatArray:
    """(S, ..) of values of each cell, the mean over the seeds of a repeat."""
    return np.stack([np.mean([values[index] for index in own], axis=0) for own in members(evidence)])


def _scaling(evidence: Evidence, results: Results) -> Scaling:
    cells = evidence.configuration.cells
    own = [results.predictions(cell) for cell in cells]
    after = [calibrated(one, cell) for one, cell in zip(own, cells, strict=True)]
    losses = [averaged(evidence, [_losses(one, evidence) for one in several]) for several in (own, after)]
    clusters = evidence.rows.clusters
    return Scaling(
        evidence=evidence,
        temperatures=tuple(cell.calibration.temperature for cell in cells if cell.calibration),
        before=_scores(evidence, own, losses[0]),
        after=_scores(evidence, after, losses[1]),
        gain=estimate(mean_figure(losses[0] - losses[1], clusters=clusters)),
    )


def _scores(evidence: Evidence, predictions: Sequence[Predictions], losses: FloatArray) -> Scores:
    kept, clusters = evidence.rows.kept, evidence.rows.clusters
    squares = averaged(evidence, [_squares(one, evidence) for one in predictions])
    return Scores(
        error=calibration_error(
            [bins(one.probabilities[kept].max(axis=1), one.correct[kept], clusters) for one in predictions]
        ),
        brier=estimate(mean_figure(squares, clusters=clusters)),
        log_loss=estimate(mean_figure(losses, clusters=clusters)),
    )


def _losses(predictions: Predictions, evidence: Evidence) -> FloatArray:
    """(N,) log loss of each row that counts."""
    kept = evidence.rows.kept
    own = predictions.probabilities[kept][np.arange(int(kept.sum())), predictions.labels[kept]]
    losses: FloatArray = -np.log(own.clip(SMALLEST))
    return losses


def _squares(predictions: Predictions, evidence: Evidence) -> FloatArray:
    """(N,) squared distance of the probabilities from the outcome, of each row that counts."""
    kept = evidence.rows.kept
    probabilities = predictions.probabilities[kept]
    outcome = np.eye(probabilities.shape[1])[predictions.labels[kept]]
    squares: FloatArray = ((probabilities - outcome) ** 2).sum(axis=1)
    return squares
