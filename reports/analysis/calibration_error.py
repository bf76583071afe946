"""Expected calibration error without most of its bias, its interval, and what perfect calibration would show."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from reports.analysis.estimates import ALPHA, RNG_SEED, BoolArray, FloatArray, IntArray, Interval

BINS = 15
DRAWS, LEAST_DRAWS = 1_000, 200
"""Of the noise of the bins: over all trainings together, and of each at least."""


@dataclass(frozen=True)
class CalibrationError:
    """Expected calibration error over 15 equal-width bins of confidence, in 0..1.

    Attributes:
        value: debiased.
        interval: 95 %.
        plain: mean over rows of |accuracy - confidence| of their bin (Guo et al. 2017), biased upwards.
        null: what a perfectly calibrated model with these confidences would show, debiased too, 19 times in 20.
    """

    value: float
    interval: Interval
    plain: float
    null: float

    @property
    def shown(self) -> bool:
        """Whether it is more than perfect calibration would show."""
        return self.value > self.null


@dataclass(frozen=True)
class Bins:
    """Rows of one training by confidence, K bins; an empty bin has neither weight nor gap nor error.

    Attributes:
        weights: (K,) share of the rows.
        gaps: (K,) accuracy less mean confidence.
        errors: (K,) standard error of the gap, from the accuracy seen, smoothed by one row of each kind.
        null_errors: (K,) the same from the confidences, as if they were true.
    """

    weights: FloatArray
    gaps: FloatArray
    errors: FloatArray
    null_errors: FloatArray


def places(confidence: FloatArray) -> IntArray:
    """(N,) the bin of each confidence: (0, 1/15] .. (14/15, 1]."""
    return np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], confidence, side="left")


def bins(confidence: FloatArray, correct: BoolArray) -> Bins:
    """Group the N rows of one training.

    Args:
        confidence: (N,) probability of the predicted class.
        correct: (N,) whether it is the label.
    """
    own = places(confidence)
    rows = np.bincount(own, minlength=BINS).astype(np.float64)
    sums = [np.bincount(own, weights=values, minlength=BINS) for values in _per_row(confidence, correct)]
    count = np.maximum(rows, 1)
    smoothed = np.where(rows > 0, (sums[1] + 1) / (count + 2), 0.0)
    return Bins(
        weights=rows / rows.sum(),
        gaps=(sums[1] - sums[0]) / count,
        errors=np.sqrt(smoothed * (1 - smoothed) / count),
        null_errors=np.sqrt(sums[2]) / count,
    )


def calibration_error(trainings: Sequence[Bins]) -> CalibrationError:
    """The error of one training, or the mean over several.

    Normal noise of the size of each bin's standard error adds the bias to the plain error (Kumar, Liang & Ma 2019,
    "Verified uncertainty calibration", NeurIPS, whose resampling is done here in closed form); the rest of the bias
    shows in `null`. The interval's standard error is that of a parametric bootstrap over bins; trainings share their
    test rows, so their errors are not averaged away, and the spread between trainings is added. The interval reaches
    down further by the bias that the bootstrap still shows, and to zero where perfect calibration would show as much.
    """
    weights, gaps = (np.stack([getattr(own, name) for own in trainings]) for name in ("weights", "gaps"))
    errors, null_errors = (np.stack([getattr(own, name) for own in trainings]) for name in ("errors", "null_errors"))
    plain = float((weights * np.abs(gaps)).sum(axis=1).mean())
    values = _debiased(weights, gaps, errors)
    count = max(DRAWS // len(trainings), LEAST_DRAWS)
    normal = np.random.default_rng(RNG_SEED).normal(size=(count, *gaps.shape))
    noisy = gaps + errors * normal
    resampled = (weights * np.abs(noisy)).sum(axis=2)
    between = values.var(ddof=1) / len(values) if len(values) > 1 else 0.0
    error = float(np.sqrt(resampled.std(axis=0, ddof=1).mean() ** 2 + between))
    value = max(float(values.mean()), 0.0)
    reach = float(special.ndtri(1 - ALPHA / 2)) * error
    under = _debiased(weights, null_errors * normal, null_errors).mean(axis=1)
    null = max(float(np.quantile(under, 1 - ALPHA)), 0.0)
    left = max(float(_debiased(weights, noisy, errors).mean()) - value, 0.0)
    low = max(value - left - reach, 0.0) if value > null else 0.0
    return CalibrationError(value, Interval(low, min(value + reach, 1.0)), plain, null)


def debiased_error(training: Bins) -> float:
    """The debiased error of one training, without its interval; it may fall below zero."""
    return float(_debiased(training.weights, training.gaps, training.errors))


def _per_row(confidence: FloatArray, correct: BoolArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    return confidence, correct.astype(np.float64), confidence * (1 - confidence)


def _debiased(weights: FloatArray, gaps: FloatArray, errors: FloatArray) -> FloatArray:
    """(..) twice the plain error less its mean under normal noise around the gaps (.., K)."""
    scaled = gaps / np.where(errors > 0, errors, np.inf)
    noise = errors * np.sqrt(2 / np.pi) * np.exp(-(scaled**2) / 2) + gaps * (1 - 2 * special.ndtr(-scaled))
    error: FloatArray = (weights * (2 * np.abs(gaps) - np.where(errors > 0, noise, np.abs(gaps)))).sum(axis=-1)
    return error
