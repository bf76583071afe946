"""Many comparisons on the same test rows: adjusted p-values and the level of simultaneous intervals.

Every comparison keeps its own test, such as mid-p McNemar or Student's t. Their dependence comes from a Gaussian
multiplier bootstrap over the test rows (Chernozhukov, Chetverikov & Kato 2013, Annals of Statistics 41), whose draws
have exactly the correlation of the comparisons' influences. The step-down procedure is that of Romano & Wolf (2005,
Econometrica 73) on the scale of p-values, where tests with different degrees of freedom compare. Variance from
trainings counts as independent between comparisons, which errs on the side of caution (Sidak 1967).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import special

from reports.analysis.estimates import ALPHA, RNG_SEED, BoolArray, FloatArray

DRAWS = 10_000
CHUNK = 2**24
"""Entries of influence that are multiplied at a time, so that memory stays small whatever the number of rows."""


@dataclass(frozen=True)
class Family:
    """K comparisons that share one error rate of 5 %.

    Attributes:
        adjusted: (K,) step-down p-values; at or below 0.05 at most one family in twenty holds a false finding.
        level: alpha of each comparison's own interval at which all K together cover with 95 %.
    """

    adjusted: FloatArray
    level: float


def family(
    p_values: FloatArray,
    influences: Sequence[FloatArray],
    standard_errors: FloatArray,
    one_sided: BoolArray | None = None,
    alpha: float = ALPHA,
) -> Family:
    """Adjust K tests for being read together.

    Args:
        p_values: (K,) of each test by itself.
        influences: K arrays (G,) over the same clusters of test rows.
        standard_errors: (K,) in the units of the influences.
        one_sided: (K,) the tests that look for a positive value alone; None for none.
        alpha: error rate of the family.
    """
    sides = np.zeros(len(p_values), dtype=np.bool_) if one_sided is None else one_sided
    if len(p_values) < 2:
        return Family(np.array(p_values, dtype=np.float64), alpha)
    null = null_p_values(correlation(influences, standard_errors), sides)
    return Family(step_down(p_values, null), common_level(null, alpha))


def correlation(influences: Sequence[FloatArray], standard_errors: FloatArray) -> FloatArray:
    """(K, K) correlation of K estimates through their rows; one on the diagonal.

    Args:
        influences: K arrays (G,).
        standard_errors: (K,) of the estimates, trainings included.
    """
    size, clusters = len(influences), len(influences[0])
    covariance = np.zeros((size, size))
    step = max(1, CHUNK // size)
    for start in range(0, clusters, step):
        part = np.stack([own[start : start + step] for own in influences])
        covariance += part @ part.T
    scale = np.where(standard_errors > 0, standard_errors, np.inf)
    correlated: FloatArray = np.clip(covariance / np.outer(scale, scale), -1.0, 1.0)
    np.fill_diagonal(correlated, 1.0)
    return correlated


def null_p_values(correlated: FloatArray, one_sided: BoolArray, draws: int = DRAWS) -> FloatArray:
    """(draws, K) p-values under no effect anywhere, with the dependence of the comparisons."""
    normal = _null_normals(correlated, draws)
    tails: FloatArray = special.ndtr(-np.where(one_sided, normal, np.abs(normal)))
    return np.where(one_sided, 1.0, 2.0) * tails


def control_levels(
    influences: FloatArray, over_rows: FloatArray, standard_errors: FloatArray, draws: int = DRAWS
) -> FloatArray:
    """Return the level of each control's one-sided comparisons with all others, which then cover together with 95 %.

    One set of draws over the test rows serves all controls, whose differences are differences of it.

    Args:
        influences: (K, G) of the K figures that are compared.
        over_rows: (K, K) variance over test rows of the difference of two.
        standard_errors: (K, K) of the difference of two, trainings included.
        draws: of the bootstrap.

    Returns:
        (K,).
    """
    size, covariance = len(influences), influences @ influences.T
    standard = _standard_normal(draws, 2 * size)
    rows, trainings = standard[:, :size] @ _root(covariance).T, standard[:, size:]
    own = np.diag(covariance)
    apart = own[:, None] + own - 2 * covariance
    levels = np.empty(size)
    for control in range(size):
        others = np.arange(size) != control
        errors, seen = standard_errors[control, others], over_rows[control, others]
        scale = np.where(errors > 0, errors, np.inf)
        share = np.minimum(seen / scale**2, 1.0)
        weights = np.sqrt(share / np.maximum(apart[control, others], np.finfo(float).tiny))
        normal = (rows[:, others] - rows[:, [control]]) * weights + trainings[:, others] * np.sqrt(1 - share)
        levels[control] = common_level(special.ndtr(-normal.max(axis=1))[:, None], comparisons=size - 1)
    return levels


def _null_normals(correlated: FloatArray, draws: int) -> FloatArray:
    """(draws, K) standard normal estimates with that correlation."""
    normal: FloatArray = _standard_normal(draws, len(correlated)) @ _root(correlated).T
    return normal


def _root(covariance: FloatArray) -> FloatArray:
    """(K, K) matrix whose product with its transpose is the covariance (K, K)."""
    values, vectors = np.linalg.eigh(covariance)
    root: FloatArray = vectors * np.sqrt(np.maximum(values, 0.0))
    return root


@lru_cache(maxsize=1)
def _standard_normal(draws: int, size: int) -> FloatArray:
    return np.random.default_rng(RNG_SEED).normal(size=(draws, size))


def step_down(p_values: FloatArray, null: FloatArray) -> FloatArray:
    """(K,) adjusted p-values: at each step the smallest p-value of those left against its null distribution.

    Args:
        p_values: (K,).
        null: (B, K) draws of the same p-values under the null hypothesis.
    """
    order = np.argsort(p_values, kind="stable")
    smallest = np.minimum.accumulate(null[:, order[::-1]], axis=1)[:, ::-1]
    beyond = (smallest <= p_values[order]).sum(axis=0)
    stepped = np.maximum.accumulate((beyond + 1) / (len(null) + 1))
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.maximum(stepped, p_values[order])
    return adjusted


def common_level(null: FloatArray, alpha: float = ALPHA, comparisons: int | None = None) -> float:
    """The level of each comparison at which the smallest of K null p-values is below it with probability `alpha`.

    Never below Sidak's level, never above `alpha`.

    Args:
        null: (B, K) p-values, or (B, 1) the smallest of each draw.
        alpha: the probability.
        comparisons: K, where `null` does not say it.
    """
    found = float(np.quantile(null.min(axis=1), alpha))
    return float(np.clip(found, sidak(comparisons or null.shape[1], alpha), alpha))


def sidak(comparisons: int, alpha: float = ALPHA) -> float:
    """The level of each of several comparisons that need not be independent (Sidak 1967)."""
    return float(-np.expm1(np.log1p(-alpha) / max(comparisons, 1)))
