"""How good each configuration is, and which of them can be told apart."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from reports.analysis.evidence import Evidence
from reports.analysis.resampling import ALPHA, POWER, Estimate, Statistic, estimate
from reports.analysis.results import Configuration
from reports.formats import Interval

EXACT_BELOW = 25
"""Discordant rows below which McNemar's test is exact, since its chi-squared form is an approximation."""


@dataclass(frozen=True)
class Accuracy:
    """The accuracy of a configuration.

    Attributes:
        configuration: what was run.
        value: the mean over seeds.
        interval: 95 %.
        deterministic: whether several seeds were found to predict the same, and count as one.
    """

    configuration: Configuration
    value: float
    interval: Interval
    deterministic: bool


@dataclass(frozen=True)
class Comparison:
    """Two configurations on the same test rows.

    Attributes:
        first, second: the configurations.
        difference: accuracy of the first less that of the second.
        interval: 95 % interval of the difference, not corrected for the number of comparisons.
        p_value: of no difference, as tested.
        p_corrected: after Holm's correction for the family of comparisons.
        detectable: the smallest true difference that this comparison would see with 80 % power, at a level shared with
            the rest of the family (alpha divided by its size, which Holm's correction never undercuts).
        identical: whether both are right on the very same rows, for every seed.
    """

    first: Configuration
    second: Configuration
    difference: float
    interval: Interval
    p_value: float
    p_corrected: float
    detectable: float
    identical: bool

    @property
    def significant(self) -> bool:
        """Whether the two can be told apart."""
        return self.p_corrected < ALPHA

    @property
    def better(self) -> Configuration | None:
        """The significantly better one, if any."""
        if not self.significant:
            return None
        return self.first if self.difference > 0 else self.second


@dataclass(frozen=True)
class Rank:
    """A place among the configurations of the same loss and training size.

    Attributes:
        place: 1 + the number of configurations that are significantly better.
        tied: whether others have the same place.
    """

    place: int
    tied: bool


def accuracy(evidence: Evidence) -> Accuracy:
    """The accuracy with its 95 % interval.

    One seed, or several that predict the same: Wilson's score interval over the test rows. Several: Student's t with
    the bootstrap's standard error over seeds and rows, within [0, 1].
    """
    if len(evidence.correct) == 1:
        right = int(evidence.correct.sum())
        low, high = proportion_confint(right, evidence.correct.shape[1], alpha=ALPHA, method="wilson")
        value = right / evidence.correct.shape[1]
    else:
        mean = estimate(evidence.accuracy)
        value, (low, high) = mean.value, np.clip(mean.interval, 0.0, 1.0)
    return Accuracy(evidence.configuration, value, Interval(float(low), float(high)), evidence.deterministic)


def compare(pairs: Sequence[tuple[Evidence, Evidence]]) -> tuple[Comparison, ...]:
    """Compare each pair; the pairs are one family for Holm's correction.

    One seed on both sides: McNemar's test. Otherwise a paired bootstrap over rows and seeds. Two losses of one model
    are paired by seed as well, since a seed gives both the same initial weights and batches.
    """
    differences = [difference(first, second, lambda evidence: evidence.accuracy) for first, second in pairs]
    p_values = [_p_value(*pair, of_accuracy) for pair, of_accuracy in zip(pairs, differences, strict=True)]
    return tuple(
        Comparison(
            first=first.configuration,
            second=second.configuration,
            difference=of_accuracy.value,
            interval=of_accuracy.interval,
            p_value=p_value,
            p_corrected=p_corrected,
            detectable=_detectable(first, second, of_accuracy, ALPHA / len(pairs)),
            identical=np.array_equal(first.correct, second.correct),
        )
        for (first, second), of_accuracy, p_value, p_corrected in zip(
            pairs, differences, p_values, holm(p_values), strict=True
        )
    )


def difference(first: Evidence, second: Evidence, figure: Callable[[Evidence], Statistic]) -> Estimate:
    """A figure of `first` less that of `second`, paired by row, and by seed where seeds belong together."""
    if paired_by_seed(first, second):
        return estimate(figure(first) - figure(second))
    return estimate(figure(first), minus=figure(second))


def comparable_pairs(evidence: Iterable[Evidence]) -> list[tuple[Evidence, Evidence]]:
    """Every two configurations of the same loss and training size."""
    groups: dict[tuple[str, int], list[Evidence]] = {}
    for one in evidence:
        groups.setdefault((one.configuration.loss, one.configuration.train_size), []).append(one)
    return [pair for group in groups.values() for pair in itertools.combinations(group, 2)]


def rank(configurations: Iterable[Configuration], comparisons: Sequence[Comparison]) -> tuple[Rank, ...]:
    """The rank of each configuration among those of its loss and training size."""
    configurations = list(configurations)
    places = []
    for configuration in configurations:
        own = [c for c in comparisons if configuration.key in (c.first.key, c.second.key)]
        places.append(1 + sum(c.better is not None and c.better.key != configuration.key for c in own))
    groups = [(c.loss, c.train_size, place) for c, place in zip(configurations, places, strict=True)]
    sizes = Counter(groups)
    return tuple(Rank(place, tied=sizes[group] > 1) for place, group in zip(places, groups, strict=True))


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected for all being looked at together (Holm 1979)."""
    return [float(p) for p in multipletests(p_values, alpha=ALPHA, method="holm")[1]] if p_values else []


def mcnemar_detectable(discordant: float, rows: int, alpha: float) -> float:
    """The smallest true difference in accuracy that McNemar's test at level `alpha` sees with 80 % power.

    Connor (1987), Biometrics 43, gives the rows needed to see a difference d where a share psi of the rows is
    discordant: n = (z_a sqrt(psi) + z_b sqrt(psi - d^2))^2 / d^2, with z_a and z_b the normal quantiles of
    1 - alpha/2 and of the power. This is that formula solved for d. As d cannot exceed psi, where it would, psi is
    taken to be d, and n d = (z_a + z_b)^2 (to first order in d).

    Args:
        discordant: psi, the share of rows that exactly one of the two gets right.
        rows: n.
        alpha: the level, two-sided.
    """
    z_a, z_b = stats.norm.ppf([1 - alpha / 2, POWER])
    root = z_a * np.sqrt(rows) + z_b * np.sqrt(max(rows + z_b**2 - z_a**2, 0.0))
    smallest = float(np.sqrt(discordant) * root / (rows + z_b**2))
    return smallest if smallest < discordant else float(min((z_a + z_b) ** 2 / rows, 1.0))


def paired_by_seed(first: Evidence, second: Evidence) -> bool:
    """Whether seed s of one belongs to seed s of the other: two losses of the same model, on the same seeds."""
    a, b = first.configuration, second.configuration
    same_seeds = [cell.spec.seed for cell in a.cells] == [cell.spec.seed for cell in b.cells]
    return a.contender == b.contender and same_seeds and len(first.correct) == len(second.correct)


def _discordant(first: Evidence, second: Evidence) -> tuple[int, int]:
    """Rows that only the first, and only the second, gets right; one seed each."""
    a, b = first.correct[0], second.correct[0]
    return int((a & ~b).sum()), int((b & ~a).sum())


def _one_seed(first: Evidence, second: Evidence) -> bool:
    return len(first.correct) == len(second.correct) == 1


def _p_value(first: Evidence, second: Evidence, of_accuracy: Estimate) -> float:
    if not _one_seed(first, second):
        return of_accuracy.p_value
    only_first, only_second = _discordant(first, second)
    if only_first + only_second == 0:
        return 1.0
    exact = only_first + only_second < EXACT_BELOW
    return float(mcnemar([[0, only_first], [only_second, 0]], exact=exact).pvalue)


def _detectable(first: Evidence, second: Evidence, of_accuracy: Estimate, alpha: float) -> float:
    if not _one_seed(first, second):
        return of_accuracy.detectable(alpha)
    rows = first.correct.shape[1]
    return mcnemar_detectable(sum(_discordant(first, second)) / rows, rows, alpha)
