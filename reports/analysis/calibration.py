"""Whether the probabilities mean what they say."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports.analysis.calibration_error import BINS, places
from reports.analysis.estimates import FloatArray, IntArray
from reports.analysis.predictions import Predictions


@dataclass(frozen=True)
class ReliabilityCurve:
    """Rows grouped by the confidence of their prediction, in equal-width bins (0, 1/15] .. (14/15, 1].

    Attributes:
        confidence: (bins,) mean probability of the predicted class; NaN in an empty bin.
        accuracy: (bins,) share right; NaN in an empty bin.
        rows: (bins,) how many.
    """

    confidence: FloatArray
    accuracy: FloatArray
    rows: IntArray


def reliability_curve(predictions: Sequence[Predictions]) -> ReliabilityCurve:
    """The curve over the rows of all `predictions` together."""
    confidence = np.concatenate([p.probabilities.max(axis=1) for p in predictions])
    correct = np.concatenate([p.correct for p in predictions])
    bins = places(confidence)
    rows = np.bincount(bins, minlength=BINS)
    with np.errstate(invalid="ignore"):  # empty bins
        return ReliabilityCurve(
            confidence=np.bincount(bins, weights=confidence, minlength=BINS) / rows,
            accuracy=np.bincount(bins, weights=correct, minlength=BINS) / rows,
            rows=rows,
        )


def brier_score(predictions: Predictions) -> float:
    """Mean over rows of the sum over classes of (probability - outcome)^2, in 0..2 (Brier 1950).

    For two classes it is twice the score that looks at one class only.
    """
    outcome = np.eye(predictions.probabilities.shape[1])[predictions.labels]
    return float(((predictions.probabilities - outcome) ** 2).sum(axis=1).mean())
