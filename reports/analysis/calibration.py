"""Whether the probabilities mean what they say."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports.analysis.results import FloatArray, IntArray, Predictions

BINS = 15


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

    @property
    def expected_calibration_error(self) -> float:
        """Mean over rows of |accuracy - confidence| of their bin (Guo et al. 2017, equation 3)."""
        filled = self.rows > 0
        gaps = np.abs(self.accuracy - self.confidence)[filled]
        return float(np.average(gaps, weights=self.rows[filled]))


def reliability_curve(predictions: Sequence[Predictions]) -> ReliabilityCurve:
    """The curve over the rows of all `predictions` together."""
    confidence = np.concatenate([p.probabilities.max(axis=1) for p in predictions])
    correct = np.concatenate([p.correct for p in predictions])
    bins = np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], confidence, side="left")
    rows = np.bincount(bins, minlength=BINS)
    with np.errstate(invalid="ignore"):  # empty bins
        return ReliabilityCurve(
            confidence=np.bincount(bins, weights=confidence, minlength=BINS) / rows,
            accuracy=np.bincount(bins, weights=correct, minlength=BINS) / rows,
            rows=rows,
        )


def expected_calibration_error(predictions: Predictions) -> float:
    """Of one cell, in 0..1, over 15 equal-width bins (Guo et al. 2017)."""
    return reliability_curve([predictions]).expected_calibration_error


def brier_score(predictions: Predictions) -> float:
    """Mean over rows of the sum over classes of (probability - outcome)^2, in 0..2 (Brier 1950).

    For two classes it is twice the score that looks at one class only.
    """
    outcome = np.eye(predictions.probabilities.shape[1])[predictions.labels]
    return float(((predictions.probabilities - outcome) ** 2).sum(axis=1).mean())
