"""Calibration of a trained model on its validation rows."""

import numpy as np
import numpy.typing as npt
from scipy import optimize

from benchmarks.cells.scores import check_kept, check_scores
from benchmarks.measurement.clock import Clock
from benchmarks.schema.calibration import Calibration
from benchmarks.schema.confidence import SMALLEST, tempered
from benchmarks.schema.measurements import Measurement
from data.arrays import FloatArray, IntArray
from data.dataset import Split
from models.model import Model

BoolArray = npt.NDArray[np.bool_]

LIMITS = (0.05, 20.0)
"""Smallest temperature: validation rows that are all classified correctly would have the optimum at 0."""

POINTS = 200
"""Confidences at which the rows answered and right are stored, at most."""


CHECKED = 8
"""Validation texts on which the scores that a training kept are compared with the fitted model's."""


def score_validation(model: Model, valid: Split, clock: Clock) -> tuple[FloatArray, list[Measurement]]:
    """Score all validation texts once, unless the model's training did.

    Returns:
        Probabilities (N, C), and the measurement "valid_set" where they were computed here.

    Raises:
        ScoresError: the scores are no probabilities, or those that the training kept are of another model.
    """
    known = model.valid_scores()
    if known is not None:
        check_scores(known, len(valid), valid.num_classes)
        check_kept(known[:CHECKED], model.score(model.encode(valid.texts[:CHECKED])))
        return known, []
    probabilities, seconds = clock.time(lambda: model.score(model.encode(valid.texts)))
    check_scores(probabilities, len(valid), valid.num_classes)
    return probabilities, [Measurement(phase="valid_set", examples=[len(valid)], tokens=[], seconds=[seconds])]


def calibrate(probabilities: FloatArray, valid: Split) -> Calibration:
    """Fit the temperature, and count the rows right above each confidence.

    Args:
        probabilities: (N, C) the model's own, of the validation texts.
        valid: the N texts.
    """
    temperature = fitted_temperature(probabilities, valid.labels)
    scaled = tempered(probabilities, temperature)
    right = scaled.argmax(axis=1) == valid.labels
    confidences, answered, correct = _points(scaled.max(axis=1), right)
    return Calibration(
        temperature=temperature,
        rows=len(valid),
        log_loss_before=_log_loss(probabilities, valid.labels),
        log_loss_after=_log_loss(scaled, valid.labels),
        confidences=confidences,
        answered=answered,
        right=correct,
        design_effect=design_effect(right, valid.groups),
    )


def fitted_temperature(probabilities: FloatArray, labels: IntArray) -> float:
    """The temperature with the least log loss (Guo et al. 2017); the loss is convex in its reciprocal."""
    logs = np.log(np.asarray(probabilities, dtype=np.float64).clip(SMALLEST))
    own = logs[np.arange(len(labels)), labels]

    def log_loss(inverse: float) -> float:
        scaled = logs * inverse
        highest = scaled.max(axis=1)
        return float((highest + np.log(np.exp(scaled - highest[:, None]).sum(axis=1)) - inverse * own).mean())

    least, most = LIMITS
    found = optimize.minimize_scalar(log_loss, bounds=(1 / most, 1 / least), method="bounded", options={"xatol": 1e-6})
    return float(1 / found.x)


def design_effect(right: BoolArray, groups: tuple[str, ...] | None) -> float:
    """Variance of the share of rows that is right, over that of independent rows; 1 at least."""
    share = float(right.mean())
    if groups is None or share in (0.0, 1.0):
        return 1.0
    codes = np.unique(np.array(groups, dtype=object).astype(str), return_inverse=True)[1]
    sums = np.bincount(codes, weights=right - share)
    count = len(sums)
    clustered = float((sums**2).sum()) * count / max(count - 1, 1)
    return max(1.0, clustered / (len(right) * share * (1 - share)))


def _points(confidence: FloatArray, right: BoolArray) -> tuple[tuple[float, ...], tuple[int, ...], tuple[int, ...]]:
    """Confidences, falling, and the rows answered and right from each on."""
    order = np.argsort(-confidence, kind="stable")
    falling, correct = confidence[order], np.cumsum(right[order])
    last = np.flatnonzero(np.append(falling[1:] < falling[:-1], True))  # of rows that share a confidence
    kept = last[np.unique(np.linspace(0, len(last) - 1, min(POINTS, len(last))).round().astype(np.int64))]
    return tuple(falling[kept].tolist()), tuple((kept + 1).tolist()), tuple(correct[kept].tolist())


def _log_loss(probabilities: FloatArray, labels: IntArray) -> float:
    own = np.asarray(probabilities, dtype=np.float64)[np.arange(len(labels)), labels]
    return float(-np.log(own.clip(SMALLEST)).mean())
