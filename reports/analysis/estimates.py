"""Figures of several trainings on the same test rows, and the variance of their mean."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from data.arrays import FloatArray, IntArray
from reports.formats import Interval

__all__ = [
    "ALPHA",
    "LEAST_CLUSTERS",
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
    "figure_of",
    "mean_figure",
    "reciprocal",
    "training_variance",
]

BoolArray = npt.NDArray[np.bool_]

ALPHA = 0.05
"""Level of every test; intervals are 95 %."""

POWER = 0.8

LEAST_CLUSTERS = 10
"""Equally large clusters from which their variance is known well enough for an interval to be cluster-robust."""

ROUNDING = 1e-12
"""Below it a share of the rows, or a sum of their squares, is none."""

RNG_SEED = 20_260
"""Fixed, so that the same data give the same report to the last byte."""


@dataclass(frozen=True)
class Clusters:
    """Test rows that belong together, such as all reviews of one film.

    Attributes:
        codes: (N,) the cluster of each row, 0 to G - 1; G for a row that is left out.
        count: G.
    """

    codes: IntArray
    count: int

    @classmethod
    def of(cls, groups: IntArray | None) -> "Clusters | None":
        """The clusters of rows by their groups (N,); None where each row would be its own."""
        if groups is None:
            return None
        names, codes = np.unique(groups, return_inverse=True)
        return None if len(names) == len(codes) else cls(codes, len(names))

    @cached_property
    def shares(self) -> FloatArray:
        """(G,) share of the rows that each cluster holds."""
        sizes = np.bincount(self.codes, minlength=self.count)[: self.count].astype(np.float64)
        shares: FloatArray = sizes / sizes.sum()
        return shares

    @property
    def effective(self) -> float:
        """Number of equally large clusters that carry as much information: N^2 / sum of squared cluster sizes."""
        return float(1 / (self.shares**2).sum())

    @property
    def degrees(self) -> float:
        """Degrees of freedom of the variance of a mean over rows; G - 1 where clusters are equally large.

        Bell & McCaffrey (2002), "Bias reduction in standard errors for linear regression with multi-stage samples",
        Survey Methodology 28, for a mean and independent rows. With p_g the share of cluster g and
        q_g = p_g^2 / (1 - p_g): 1 / (sum p_g^2 + (sum q_g)^2 - sum q_g^2).
        """
        apart = self.shares**2 * reciprocal(1 - self.shares)
        return float(1 / ((self.shares**2).sum() + apart.sum() ** 2 - (apart**2).sum()))

    @property
    def few(self) -> bool:
        """Whether there are too few for a cluster-robust interval."""
        return round(self.degrees, 6) < LEAST_CLUSTERS - 1

    def within(self, inside: BoolArray) -> "Clusters":
        """The clusters of the rows `inside` (N,); the other rows are left out."""
        return Clusters(np.where(inside, self.codes, self.count), self.count)

    def summed(self, influence: FloatArray) -> FloatArray:
        """(S, G) influence of each cluster, from that of each row (S, N), with the correction CR2 for few clusters.

        A cluster's sum is divided by sqrt(1 - its share of the rows), so that the sum of squares is unbiased where rows
        are independent (Bell & McCaffrey 2002). One cluster of all rows has no influence, and no variance is known.
        """
        bins = self.count + 1
        sums = [np.bincount(self.codes, weights=own, minlength=bins)[: self.count] for own in influence]
        corrected: FloatArray = np.stack(sums).astype(np.float64) * np.sqrt(reciprocal(1 - self.shares))
        return corrected


@dataclass(frozen=True)
class Figure:
    """A figure of each of S trainings, and how much each of N test rows moves it.

    Attributes:
        values: (S,) the figure of each training.
        influence: (S, N) first-order change of the value when a row's weight changes, scaled by sqrt(N / (N - 1)); the
            squares of a training sum to the variance of its value over independent rows.
        summed: (S, G) the same of each cluster of rows; None where rows are independent.
        degrees: of freedom of the variance over rows or clusters.
    """

    values: FloatArray
    influence: FloatArray
    summed: FloatArray | None
    degrees: float

    @property
    def trainings(self) -> int:
        """S."""
        return len(self.values)

    @property
    def units(self) -> FloatArray:
        """(S, G) or (S, N): the influence of what is drawn independently, clusters or rows."""
        return self.influence if self.summed is None else self.summed

    def __sub__(self, other: "Figure") -> "Figure":
        """The difference training by training; a side with one training stands for all of the other side."""
        summed = None if self.summed is None or other.summed is None else self.summed - other.summed
        degrees = min(self.degrees, other.degrees)
        return Figure(self.values - other.values, self.influence - other.influence, summed, degrees)

    @cached_property
    def spread(self) -> tuple[float, float]:
        """Variance of the mean over trainings, and the interaction of trainings and rows within it."""
        return training_variance(self.values, self.units)

    @cached_property
    def mean(self) -> "Figure":
        """Of the mean over trainings, as a figure of one training."""
        summed = None if self.summed is None else self.summed.mean(axis=0, keepdims=True)
        return Figure(self.values.mean(keepdims=True), self.influence.mean(axis=0, keepdims=True), summed, self.degrees)


@dataclass(frozen=True)
class Estimate:
    """The mean of a figure over trainings, and how well the run knows it.

    Attributes:
        value: the mean.
        standard_error: of the mean, over test rows and, where there are several, trainings.
        degrees: Satterthwaite's degrees of freedom of Student's t.
        influence: (G,) mean influence of the clusters of test rows, or (N,) of the rows; its squares sum to the
            variance over rows.
        design_effect: variance over rows over what it would be if rows were independent; never below 1.
    """

    value: float
    standard_error: float
    degrees: float
    influence: FloatArray
    design_effect: float = 1.0

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
        summed = None if clusters is None else np.full((len(numbers), clusters.count), np.nan)
        return Figure(np.full(len(numbers), np.nan), np.full((len(numbers), size), np.nan), summed, 1e-9)
    means = numbers[:, mask].mean(axis=1)
    return figure_of(means, np.where(mask, numbers - means[:, None], 0.0) / rows, clusters, mask)


def figure_of(
    values: FloatArray, influence: FloatArray, clusters: Clusters | None, inside: BoolArray | None = None
) -> Figure:
    """A figure from the influence of each row on it.

    Args:
        values: (S,) the figure of each training.
        influence: (S, N) first-order change of the value when a row's weight changes; each training's sum to zero.
        clusters: of the rows; None where they are independent.
        inside: (N,) the rows that the figure rests on; None is all of them.
    """
    rows = influence.shape[1] if inside is None else int(inside.sum())
    scaled = influence * np.sqrt(rows / max(rows - 1, 1))
    if clusters is None:
        return Figure(values, scaled, None, max(rows - 1, 1e-9))
    own = clusters if inside is None else clusters.within(inside)
    return Figure(values, scaled, own.summed(influence), own.degrees)


def estimate(figure: Figure, minus: Figure | None = None) -> Estimate:
    """The mean over trainings of `figure`, less that of `minus`, whose trainings are independent; rows are paired.

    Trainings and rows are crossed random effects. The variance of the mean is rows + trainings - interaction (Gallas
    2006, "One-shot estimate of MRMC variance", Academic Radiology 13): both of the first contain the interaction once.
    It is never below the variance over rows alone, and that never below the variance over independent rows: clusters
    that happen to be alike show no gain in information. One training leaves the variance over rows alone, which then
    says nothing about another training.

    Degrees of freedom follow Satterthwaite (1946). They lie between the fewest of a component and the sum of all, but
    not where a component is subtracted, as the interaction is: then they can come out near zero, and count as the
    fewest (Gaylor & Hopper 1969, "Estimating the degrees of freedom for linear combinations of mean squares by
    Satterthwaite's formula", Technometrics 11).
    """
    terms = (figure,) if minus is None else (figure, minus)
    mean = figure.mean if minus is None else figure.mean - minus.mean
    (influence,), (row,) = mean.units, mean.influence
    seen, independent = float(influence @ influence), float(row @ row)
    over_rows = max(seen, independent)
    trainings, squares, fewest = 0.0, over_rows**2 / mean.degrees, mean.degrees
    for term in terms:
        own, interaction = term.spread
        trainings += own - interaction
        if term.trainings > 1:
            squares += (own**2 + interaction**2 / mean.degrees) / (term.trainings - 1)
            fewest = min(fewest, term.trainings - 1)
    variance = over_rows + max(trainings, 0.0)
    return Estimate(
        value=float(mean.values[0]),
        standard_error=float(np.sqrt(variance)),
        degrees=max(float(variance**2 / squares), fewest) if squares > 0 else np.inf,
        influence=influence * np.sqrt(over_rows / seen) if seen > 0 else influence,
        design_effect=over_rows / independent if independent > 0 else 1.0,
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


def reciprocal(values: FloatArray) -> FloatArray:
    """1 / values; 0 where a value is 0, but for rounding."""
    found: FloatArray = np.divide(1.0, values, out=np.zeros_like(values), where=values > ROUNDING)
    return found
