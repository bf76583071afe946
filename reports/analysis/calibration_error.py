"""Expected calibration error without most of its bias, its interval, and what perfect calibration would show."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special, stats

from reports.analysis.estimates import ALPHA, RNG_SEED, BoolArray, Clusters, FloatArray, IntArray, Interval, reciprocal

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
        moves: (G, K) how each of G clusters of rows moves the gaps, in columns of length 1, or of zeros where a bin
            shows no noise; None where rows are independent.
        degrees: of freedom of a variance over the clusters.
    """

    weights: FloatArray
    gaps: FloatArray
    errors: FloatArray
    null_errors: FloatArray
    moves: FloatArray | None = None
    degrees: float = np.inf


def places(confidence: FloatArray) -> IntArray:
    """(N,) the bin of each confidence: (0, 1/15] .. (14/15, 1]."""
    return np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], confidence, side="left")


def bins(confidence: FloatArray, correct: BoolArray, clusters: Clusters | None = None) -> Bins:
    """Group the N rows of one training.

    Args:
        confidence: (N,) probability of the predicted class.
        correct: (N,) whether it is the label.
        clusters: of the rows; None where they are independent.
    """
    own = places(confidence)
    rows = np.bincount(own, minlength=BINS).astype(np.float64)
    sums = [np.bincount(own, weights=values, minlength=BINS) for values in _per_row(confidence, correct)]
    count = np.maximum(rows, 1)
    smoothed = np.where(rows > 0, (sums[1] + 1) / (count + 2), 0.0)
    gaps = (sums[1] - sums[0]) / count
    found = Bins(
        weights=rows / rows.sum(),
        gaps=gaps,
        errors=np.sqrt(smoothed * (1 - smoothed) / count),
        null_errors=np.sqrt(sums[2]) / count,
    )
    return found if clusters is None else _clustered(found, own, correct - confidence - gaps[own], clusters)


def _clustered(found: Bins, own: IntArray, residuals: FloatArray, clusters: Clusters) -> Bins:
    """The bins of rows in clusters: noise is larger by the design effect of each bin, and bins move together.

    The variance of a gap is the sum over clusters of their squared sums of residuals (the cluster-robust "sandwich"),
    against the sum over rows; both are unbiased where rows are independent, and a design effect is at least 1.

    Args:
        found: of independent rows.
        own: (N,) the bin of each row.
        residuals: (N,) correct less confidence, less the gap of its bin.
        clusters: of the rows.
    """
    cells = clusters.codes * BINS + own
    shape = (clusters.count, BINS)
    rows, moves = (
        np.bincount(cells, weights=values, minlength=clusters.count * BINS).reshape(shape)
        for values in (np.ones(len(own)), residuals)
    )
    count = np.maximum(rows.sum(axis=0), 1)
    over_clusters = (moves**2).sum(axis=0) * reciprocal(1 - ((rows / count) ** 2).sum(axis=0))
    over_rows = np.bincount(own, weights=residuals**2, minlength=BINS) * reciprocal(1 - 1 / count)
    effect = np.sqrt(np.maximum(over_clusters * reciprocal(over_rows), 1.0))
    return replace(
        found,
        errors=found.errors * effect,
        null_errors=found.null_errors * effect,
        moves=moves * reciprocal(np.sqrt((moves**2).sum(axis=0))),
        degrees=clusters.degrees,
    )


def calibration_error(trainings: Sequence[Bins]) -> CalibrationError:
    """The error of one training, or the mean over several.

    Normal noise of the size of each bin's standard error adds the bias to the plain error (Kumar, Liang & Ma 2019,
    "Verified uncertainty calibration", NeurIPS, whose resampling is done here in closed form); the rest of the bias
    shows in `null`. The interval's standard error is that of a parametric bootstrap over bins, which move together
    where their rows share clusters (a multiplier bootstrap, with the degrees of freedom of the clusters). Trainings
    share their test rows, so their errors are not averaged away, and the spread between trainings is added. The
    interval reaches down further by the bias that the bootstrap still shows, and to zero where perfect calibration
    would show as much.
    """
    weights, gaps = (np.stack([getattr(own, name) for own in trainings]) for name in ("weights", "gaps"))
    errors, null_errors = (np.stack([getattr(own, name) for own in trainings]) for name in ("errors", "null_errors"))
    plain = float((weights * np.abs(gaps)).sum(axis=1).mean())
    values = _debiased(weights, gaps, errors)
    count = max(DRAWS // len(trainings), LEAST_DRAWS)
    normal = _noise(trainings, count)
    noisy = gaps + errors * normal
    resampled = (weights * np.abs(noisy)).sum(axis=2)
    between = values.var(ddof=1) / len(values) if len(values) > 1 else 0.0
    error = float(np.sqrt(resampled.std(axis=0, ddof=1).mean() ** 2 + between))
    value = max(float(values.mean()), 0.0)
    reach = float(stats.t.isf(ALPHA / 2, min(own.degrees for own in trainings))) * error
    under = _debiased(weights, null_errors * normal, null_errors).mean(axis=1)
    null = max(float(np.quantile(under, 1 - ALPHA)), 0.0)
    left = max(float(_debiased(weights, noisy, errors).mean()) - value, 0.0)
    low = max(value - left - reach, 0.0) if value > null else 0.0
    return CalibrationError(value, Interval(low, min(value + reach, 1.0)), plain, null)


def _noise(trainings: Sequence[Bins], count: int) -> FloatArray:
    """(count, S, K) standard normal noise of the gaps of S trainings."""
    generator = np.random.default_rng(RNG_SEED)
    found: FloatArray = generator.normal(size=(count, len(trainings), len(trainings[0].gaps)))
    for place, own in enumerate(trainings):
        if own.moves is not None:
            together = generator.normal(size=(count, len(own.moves))) @ own.moves
            found[:, place] = np.where(own.moves.any(axis=0), together, found[:, place])
    return found


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
