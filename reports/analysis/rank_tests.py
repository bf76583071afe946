"""Tests of several contenders over several datasets: one figure of each on each.

After Demsar (2006), "Statistical comparisons of classifiers over multiple data sets", Journal of Machine Learning
Research 7, and Benavoli, Corani, Demsar & Zaffalon (2017), "Time for a change: a tutorial for comparing multiple
classifiers through Bayesian analysis", the same journal 18. Bayesian signed-rank follows baycomp's `SignedRankTest`,
whose last release is older than the NumPy used here; everything else is SciPy's and statsmodels'.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

from reports.analysis.estimates import ALPHA, RNG_SEED, FloatArray

FEWEST = 6
"""Datasets without which no test over datasets is made: the signed-rank test of five has no p-value below 0.06."""

DRAWS = 20_000
PRIOR_WEIGHT = 0.5
"""Weight of the prior's one dataset without a difference."""

CERTAIN = 0.95
"""Posterior probability that counts as shown."""


@dataclass(frozen=True)
class Pair:
    """Two contenders over all datasets.

    Attributes:
        first, second: indices.
        p_adjusted: of Wilcoxon's signed-rank test, by Holm's method over all pairs; NaN where it was not made.
        ahead: whether the signed ranks are in favour of the first; mean ranks may say otherwise.
        better, same, worse: posterior probabilities that the first is better by more than the region of practical
            equivalence, within it, or worse by more.
    """

    first: int
    second: int
    p_adjusted: float
    ahead: bool
    better: float
    same: float
    worse: float


@dataclass(frozen=True)
class RankTests:
    """Findings over all datasets.

    Attributes:
        datasets: N.
        ranks: (K,) mean ranks, 1 the best.
        friedman_p: of all contenders being alike; NaN with two contenders or too few datasets.
        critical_difference: of two mean ranks (Nemenyi); NaN with two contenders or too few datasets.
        pairs: all pairs of contenders; none with too few datasets.
    """

    datasets: int
    ranks: FloatArray
    friedman_p: float
    critical_difference: float
    pairs: tuple[Pair, ...]

    @property
    def enough(self) -> bool:
        """Whether there are datasets enough for a test."""
        return self.datasets >= FEWEST

    @property
    def smallest_p(self) -> float:
        """The p-value of a pair, by Holm's method, of which one is ahead on every dataset: none can be smaller."""
        return min(1.0, 2.0 ** (1 - self.datasets) * len(self.pairs))

    @property
    def decides_pairs(self) -> bool:
        """Whether any difference of a pair can be shown by so many datasets, among so many pairs."""
        return self.enough and self.smallest_p <= ALPHA


def ranks(values: FloatArray) -> FloatArray:
    """(N, K) rank of each contender on each dataset, 1 the best; contenders that tie share the mean of their ranks.

    Args:
        values: (N, K) higher is better.
    """
    found: FloatArray = stats.rankdata(-values, axis=-1)
    return found


def rank_tests(values: FloatArray, equivalent: float) -> RankTests:
    """Test K contenders over N datasets.

    Args:
        values: (N, K) higher is better.
        equivalent: difference within which two contenders count as practically equivalent.
    """
    datasets, contenders = values.shape
    enough, several = datasets >= FEWEST, contenders > 2
    return RankTests(
        datasets=datasets,
        ranks=ranks(values).mean(axis=0),
        friedman_p=_friedman(values) if enough and several else np.nan,
        critical_difference=critical_difference(contenders, datasets) if enough and several else np.nan,
        pairs=_pairs(values, equivalent) if enough else (),
    )


def critical_difference(contenders: int, datasets: int, alpha: float = ALPHA) -> float:
    """Difference of two mean ranks from which Nemenyi's test shows that they differ (Demsar 2006, section 3.2.2)."""
    quantile = stats.studentized_range.isf(alpha, contenders, np.inf) / np.sqrt(2)
    return float(quantile * np.sqrt(contenders * (contenders + 1) / (6 * datasets)))


def cliques(mean_ranks: Sequence[float], difference: float) -> list[tuple[int, ...]]:
    """The largest groups of contenders whose mean ranks lie within a critical difference, best first; indices."""
    order = sorted(range(len(mean_ranks)), key=lambda index: mean_ranks[index])
    found: list[tuple[int, ...]] = []
    for start, first in enumerate(order):
        group = tuple(index for index in order[start:] if mean_ranks[index] - mean_ranks[first] < difference)
        if len(group) > 1 and not any(set(group) <= set(other) for other in found):
            found.append(group)
    return found


def signed_rank_posterior(differences: FloatArray, equivalent: float) -> tuple[float, float, float]:
    """Posterior probabilities of better, practically equivalent and worse (Benavoli et al. 2017, section 4.2.2).

    The datasets, and one prior dataset without a difference, have Dirichlet-distributed weights. Each draw sums the
    weight of all pairs of datasets whose mean difference is above, within or below the region; the largest wins.

    Args:
        differences: (N,) of two contenders.
        equivalent: half the width of the region of practical equivalence.
    """
    generator = np.random.default_rng(RNG_SEED)
    values = np.concatenate([[0.0], differences])
    concentration = np.concatenate([[PRIOR_WEIGHT], np.ones(len(differences))])
    weights = generator.dirichlet(concentration, DRAWS)
    sums = values[:, None] + values
    above, below = (sums > 2 * equivalent).astype(np.float64), (sums < -2 * equivalent).astype(np.float64)
    better = np.einsum("di,ij,dj->d", weights, above, weights, optimize=True)
    worse = np.einsum("di,ij,dj->d", weights, below, weights, optimize=True)
    winner = np.stack([better, 1 - better - worse, worse]).argmax(axis=0)
    shares = np.bincount(winner, minlength=3) / DRAWS
    return float(shares[0]), float(shares[1]), float(shares[2])


def _friedman(values: FloatArray) -> float:
    if (ranks(values) == ranks(values)[:, :1]).all():  # all tie everywhere: SciPy would divide by zero
        return 1.0
    return float(stats.friedmanchisquare(*values.T).pvalue)


def _pairs(values: FloatArray, equivalent: float) -> tuple[Pair, ...]:
    indices = list(itertools.combinations(range(values.shape[1]), 2))
    if not indices:
        return ()
    differences = [values[:, first] - values[:, second] for first, second in indices]
    adjusted = multipletests([_signed_rank(own) for own in differences], method="holm")[1]
    return tuple(
        Pair(first, second, float(p), _sum_of_signed_ranks(own) > 0, *signed_rank_posterior(own, equivalent))
        for (first, second), p, own in zip(indices, adjusted, differences, strict=True)
    )


def _signed_rank(differences: FloatArray) -> float:
    """Two-sided p-value of Wilcoxon's signed-rank test; datasets without a difference count as in Pratt (1959)."""
    if not differences.any():
        return 1.0
    return float(stats.wilcoxon(differences, zero_method="pratt").pvalue)


def _sum_of_signed_ranks(differences: FloatArray) -> float:
    """Of the test's ranks, those of datasets without a difference among them, which have no sign."""
    return float(np.sign(differences) @ stats.rankdata(np.abs(differences)))
