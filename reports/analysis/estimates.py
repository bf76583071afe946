"""Figures of several trainings on the same test rows, and the variance of their mean."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from data.arrays import FloatArray, IntArray
from reports.formats import Interval

__all__ = [
    "ALPHA",
    "POWER",
    "RNG_SEED",
    "BoolArray",
    "Clusters",
    "Estimate",
    "Figure",
    "FloatArray",
    "IntArray",
    "Interval",
    "estimate",
    "mean_figure",
    "training_variance",
]

BoolArray = npt.NDArray[np.bool_]

ALPHA = 0.05
"""Level of every test; intervals are 95 %."""

POWER = 0.8
RNG_SEED = 20_260
"""Fixed, so that the same data give the same report to the last byte."""


@dataclass(frozen=True)
class Clusters:
    """Test rows that belong together, such as all reviews of one film.

    Attributes:
        codes: (N,) the cluster of each row, 0 to G - 1.
        count: G.
    """

    codes: IntArray
    count: int

    @property
    def effective(self) -> float:
        """Number of equally large clusters that carry as much information: N^2 / sum of squared cluster sizes."""
        sizes = np.bincount(self.codes, minlength=self.count).astype(np.float64)
        return float(sizes.sum() ** 2 / (sizes**2).sum())


@dataclass(frozen=True)
class Figure:
    """A figure of each of S trainings, and how much each cluster of test rows moves it.

    Attributes:
        values: (S,) the figure of each training.
        influence: (S, G) first-order change of the value when a cluster's weight changes, scaled by sqrt(G / (G - 1));
            each row sums to zero. Without clusters every test row is its own.
        clusters: number of clusters, or of equally large ones that carry as much information.
    """

    values: FloatArray
    influence: FloatArray
    clusters: float

    @property
    def trainings(self) -> int:
        """S."""
        return len(self.values)

    def __sub__(self, other: "Figure") -> "Figure":
        """The difference training by training; a side with one training stands for all of the other side."""
        return Figure(self.values - other.values, self.influence - other.influence, min(self.clusters, other.clusters))


@dataclass(frozen=True)
class Estimate:
    """The mean of a figure over trainings, and how well the run knows it.

    Attributes:
        value: the mean.
        standard_error: of the mean, over test rows and, where there are several, trainings.
        degrees: Satterthwaite's degrees of freedom of Student's t.
        influence: (G,) mean influence of the clusters of test rows; its squares sum to the variance over rows.
    """

    value: float
    standard_error: float
    degrees: float
    influence: FloatArray

    @property
    def interval(self) -> Interval:
        """95 %, for this figure alone."""
        return self.interval_at(ALPHA)

    def interval_at(self, alpha: float) -> Interval:
        """Two-sided interval of level 1 - `alpha`."""
        reach = -float(special.stdtrit(self.degrees, alpha / 2)) * self.standard_error
        return Interval(self.value - reach, self.value + reach)

    @property
    def p_value(self) -> float:
        """Two-sided, of the value being zero; 1 where nothing varies and the value is zero."""
        if self.standard_error == 0:
            return 1.0 if self.value == 0 else 0.0
        return float(2 * special.stdtr(self.degrees, -abs(self.value) / self.standard_error))

    def detectable(self, alpha: float) -> float:
        """Smallest true value that a test at level `alpha` detects with 80 % power, given this standard error.

        (t_{1 - alpha/2} + t_{0.8}) standard errors: Bloom (1995), "Minimum detectable effects", Evaluation Review 19.
        """
        quantiles = stats.t.ppf([1 - alpha / 2, POWER], self.degrees)
        return float(quantiles.sum() * self.standard_error)


def mean_figure(
    values: npt.NDArray[np.generic], inside: BoolArray | None = None, clusters: Clusters | None = None
) -> Figure:
    """The mean of `values` over the rows `inside`, for each training.

    Args:
        values: (S, N) a value of each row for each training, such as whether the prediction is right.
        inside: (N,) the rows to average over; None is all of them.
        clusters: of the rows; None makes each row its own cluster.

    Returns:
        NaN values where `inside` holds no row.
    """
    numbers = np.atleast_2d(values).astype(np.float64)
    size = numbers.shape[1]
    mask = np.ones(size, dtype=np.bool_) if inside is None else inside
    rows = int(mask.sum())
    if rows == 0:
        return Figure(np.full(len(numbers), np.nan), np.full((len(numbers), size), np.nan), 1.0)
    means = numbers[:, mask].mean(axis=1)
    influence = np.where(mask, numbers - means[:, None], 0.0) / rows
    if clusters is None:
        return Figure(means, influence * np.sqrt(rows / max(rows - 1, 1)), float(rows))
    summed = np.stack([np.bincount(clusters.codes, weights=own, minlength=clusters.count) for own in influence])
    kept = Clusters(clusters.codes[mask], clusters.count)
    count = len(np.unique(kept.codes))
    return Figure(means, summed * np.sqrt(count / max(count - 1, 1)), kept.effective)


def estimate(figure: Figure, minus: Figure | None = None) -> Estimate:
    """The mean over trainings of `figure`, less that of `minus`, whose trainings are independent; rows are paired.

    Trainings and rows are crossed random effects. The variance of the mean is rows + trainings - interaction (Gallas
    2006, "One-shot estimate of MRMC variance", Academic Radiology 13): both of the first contain the interaction once.
    It is never below the variance over rows alone. Degrees of freedom follow Satterthwaite (1946). One training leaves
    the variance over rows alone, which then says nothing about another training.
    """
    terms = (figure,) if minus is None else (figure, minus)
    rows_freedom = max(min(term.clusters for term in terms) - 1, 1e-9)
    influence = figure.influence.mean(axis=0)
    value = float(figure.values.mean())
    if minus is not None:
        influence = influence - minus.influence.mean(axis=0)
        value -= float(minus.values.mean())
    over_rows = float(influence @ influence)
    trainings, squares = 0.0, over_rows**2 / rows_freedom
    for term in terms:
        own, interaction = training_variance(term.values, term.influence)
        trainings += own - interaction
        if term.trainings > 1:
            squares += (own**2 + interaction**2 / rows_freedom) / (term.trainings - 1)
    variance = over_rows + max(trainings, 0.0)
    return Estimate(
        value=value,
        standard_error=float(np.sqrt(variance)),
        degrees=float(variance**2 / squares) if squares > 0 else np.inf,
        influence=influence,
    )


def training_variance(values: FloatArray, influence: FloatArray) -> tuple[float, float]:
    """Variance of the mean over S trainings, and the interaction of trainings and rows within it; zero with one.

    Args:
        values: (S,).
        influence: (S, G).
    """
    size = len(values)
    if size == 1:
        return 0.0, 0.0
    residual = influence - influence.mean(axis=0)
    return float(values.var(ddof=1) / size), float((residual**2).sum() / (size * (size - 1)))
