"""The primary comparisons of a report: one family, fixed before any accuracy is seen.

For each training size, with the reference loss: every model against the cheapest, and every model against the best; and
every other loss against the reference loss. The verdicts of a report are these. All other comparisons are exploratory.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reports.analysis.accuracy import Accuracy
from reports.analysis.comparisons import Comparison, Contrast, contrast
from reports.analysis.estimands import Estimand
from reports.analysis.estimates import ALPHA, Interval
from reports.analysis.evidence import Evidence
from reports.analysis.family import Family, family
from reports.analysis.results import REFERENCE_LOSS, Configuration
from reports.analysis.verdicts import decide

EXPLORED = 12
"""Configurations of one training size and loss, the most accurate ones, of which all other pairs are listed."""


@dataclass(frozen=True)
class BestSet:
    """The models of one training size that may be the best.

    Attributes:
        top: the most accurate.
        candidates: all that the top is not shown to be better than, itself included, best first.
        behind: 95 % upper bound on how far each model, by key, is behind the best.
        models: how many were compared.
        estimand: what the verdicts speak of.
        learnt: whether the top is shown to beat the majority class.
    """

    top: Accuracy
    candidates: tuple[Accuracy, ...]
    behind: Mapping[str, float]
    models: int
    estimand: Estimand
    learnt: bool


@dataclass(frozen=True)
class Primary:
    """The family of a report.

    Attributes:
        against_cheapest: by training size, the cheapest model, and every other one against it, in their order.
        against_reference: every other loss against the reference loss, the other loss first.
        best: by training size.
        pairs: keys of the two configurations of each comparison in the family.
    """

    against_cheapest: Mapping[int, tuple[Configuration, tuple[Comparison, ...]]]
    against_reference: tuple[Comparison, ...]
    best: Mapping[int, BestSet]
    pairs: frozenset[frozenset[str]]

    @property
    def size(self) -> int:
        """Comparisons in the family."""
        return len(self.pairs)


@dataclass(frozen=True)
class _Group:
    """The models of one training size with the leading loss; indices into the evidence."""

    train_size: int
    members: tuple[int, ...]
    cheapest: int
    top: int


@dataclass(frozen=True)
class _Pair:
    """A comparison of the family: indices into the evidence, and whether only "first is better" is asked."""

    first: int
    second: int
    one_sided: bool = False


@dataclass(frozen=True)
class _Tested:
    """A comparison of the family with its adjusted p-value."""

    contrast: Contrast
    p_adjusted: float

    def interval(self, first: str, level: float) -> Interval:
        """The difference: the configuration with the key `first` less the other."""
        low, high = self.contrast.interval_at(level)
        return Interval(low, high) if self.contrast.first.configuration.key == first else Interval(-high, -low)


def primary(
    evidence: Sequence[Evidence],
    accuracies: Sequence[Accuracy],
    fit_seconds: Sequence[float],
    margin: float | None = None,
) -> Primary:
    """Compare the primary pairs, as one family.

    The search for the best is one-sided: it asks whether the top is better than another (Hsu 1984, "Constrained
    simultaneous confidence intervals for multiple comparisons with the best", Annals of Statistics 12).

    Args:
        evidence: one for each configuration.
        accuracies: the same.
        fit_seconds: the same; NaN where training was not timed. The cheapest is the one that trains fastest.
        margin: below which a difference does not matter to the user, as a share; None if they set none.
    """
    groups = _groups(evidence, accuracies, fit_seconds)
    pairs = _pairs(groups, evidence)
    contrasts = [contrast(evidence[pair.first], evidence[pair.second]) for pair in pairs]
    found = _family(contrasts, [pair.one_sided for pair in pairs])
    tested = {
        frozenset((pair.first, pair.second)): _Tested(one, float(p))
        for pair, one, p in zip(pairs, contrasts, found.adjusted, strict=True)
    }
    learnt = {a.configuration.key: a.learnt for a in accuracies}

    def verdict(first: int, second: int) -> Comparison:
        own = tested[frozenset((first, second))]
        return compared_together(own.contrast, own.p_adjusted, found.level, learnt, margin)

    return Primary(
        against_cheapest={
            group.train_size: (
                evidence[group.cheapest].configuration,
                tuple(verdict(m, group.cheapest) for m in group.members if m != group.cheapest),
            )
            for group in groups
        },
        against_reference=tuple(verdict(*pair) for pair in reference_pairs(evidence)),
        best={group.train_size: _best(group, accuracies, tested, found.level) for group in groups},
        pairs=frozenset(frozenset(_key(evidence[i]) for i in (pair.first, pair.second)) for pair in pairs),
    )


def compared_together(
    found: Contrast, p_adjusted: float, level: float, learnt: Mapping[str, bool], margin: float | None = None
) -> Comparison:
    """A contrast with the verdict that its family allows.

    Args:
        found: the contrast.
        p_adjusted: within the family.
        level: of simultaneous intervals.
        learnt: by key of a configuration, whether it is shown to beat the majority class.
        margin: as a share, if the user set one.
    """
    ours, theirs = found.first.configuration, found.second.configuration
    void = not (learnt[ours.key] if found.estimate.value > 0 else learnt[theirs.key])
    finding = decide(
        found.estimate.value, found.interval_at(level), p_adjusted, margin=margin, void=void, same=found.identical
    )
    return Comparison(ours, theirs, finding, found.estimand)


def exploratory(
    evidence: Sequence[Evidence], accuracies: Sequence[Accuracy], family: Primary
) -> tuple[Comparison, ...]:
    """All other pairs of each loss and training size among its most accurate configurations.

    Each interval covers alone. A pair of the family is left out: it has one verdict, that of the family.
    """
    learnt = {a.configuration.key: a.learnt for a in accuracies}
    groups: dict[tuple[str, int], list[int]] = {}
    for index, one in enumerate(evidence):
        groups.setdefault((one.configuration.loss, one.configuration.train_size), []).append(index)
    found = []
    for members in groups.values():
        shown = sorted(sorted(members, key=lambda m: -accuracies[m].value)[:EXPLORED])
        for first, second in itertools.combinations((evidence[m] for m in shown), 2):
            if frozenset((_key(first), _key(second))) in family.pairs:
                continue
            alone = contrast(first, second)
            compared = compared_together(alone, alone.p_value, ALPHA, learnt)
            found.append(Comparison(**{**vars(compared), "exploratory": True}))
    return tuple(found)


def _key(evidence: Evidence) -> str:
    return evidence.configuration.key


def reference_pairs(evidence: Sequence[Evidence]) -> list[tuple[int, int]]:
    """Indices of every configuration with another loss than the reference, and of the same one with the reference."""
    references = {
        e.configuration.contender: index
        for index, e in enumerate(evidence)
        if e.configuration.loss_name == REFERENCE_LOSS
    }
    return [
        (index, references[e.configuration.contender])
        for index, e in enumerate(evidence)
        if e.configuration.loss_name != REFERENCE_LOSS and e.configuration.contender in references
    ]


def leading_loss(configurations: Sequence[Configuration]) -> str:
    """The label of the loss with which models are compared: cross-entropy if it ran, else the first."""
    losses = [configuration.loss for configuration in configurations]
    return next((loss for loss in losses if loss == REFERENCE_LOSS), next(iter(losses), REFERENCE_LOSS))


def _groups(evidence: Sequence[Evidence], accuracies: Sequence[Accuracy], fit_seconds: Sequence[float]) -> list[_Group]:
    loss = leading_loss([e.configuration for e in evidence])
    sizes: dict[int, list[int]] = {}
    for index, one in enumerate(evidence):
        if one.configuration.loss == loss:
            sizes.setdefault(one.configuration.train_size, []).append(index)
    return [
        _Group(
            train_size=size,
            members=tuple(members),
            cheapest=min(members, key=lambda m: (np.isnan(fit_seconds[m]), fit_seconds[m])),
            top=max(members, key=lambda m: accuracies[m].value),
        )
        for size, members in sorted(sizes.items())
    ]


def _pairs(groups: Sequence[_Group], evidence: Sequence[Evidence]) -> list[_Pair]:
    """The comparisons of the family; a pair that is asked for twice is tested once, two-sided."""
    pairs = [_Pair(m, group.cheapest) for group in groups for m in group.members if m != group.cheapest]
    pairs += [_Pair(*pair) for pair in reference_pairs(evidence)]
    asked = {frozenset((pair.first, pair.second)) for pair in pairs}
    best = [_Pair(group.top, m, one_sided=True) for group in groups for m in group.members if m != group.top]
    return pairs + [pair for pair in best if frozenset((pair.first, pair.second)) not in asked]


def _family(contrasts: Sequence[Contrast], one_sided: Sequence[bool]) -> Family:
    p_values = [c.p_greater if side else c.p_value for c, side in zip(contrasts, one_sided, strict=True)]
    return family(
        np.array(p_values, dtype=np.float64),
        [c.estimate.influence for c in contrasts],
        np.array([c.estimate.standard_error for c in contrasts]),
        np.array(one_sided, dtype=np.bool_),
    )


def _best(
    group: _Group, accuracies: Sequence[Accuracy], tested: Mapping[frozenset[int], _Tested], level: float
) -> BestSet:
    """The set of the best, from the contrasts between the top and each other model."""
    top = accuracies[group.top]
    key = top.configuration.key
    candidates, behind, lags = [top], {}, [0.0]
    for index in group.members:
        if index != group.top:
            own, one = accuracies[index], tested[frozenset((group.top, index))]
            low, high = one.interval(key, level)  # of the top less the other
            behind[own.configuration.key] = max(high, 0.0)
            lags.append(-low)
            if one.p_adjusted > ALPHA:
                candidates.append(own)
    return BestSet(
        top=top,
        candidates=tuple(sorted(candidates, key=lambda a: a.value, reverse=True)),
        behind=behind | {key: max(lags)},
        models=len(group.members),
        estimand=min((accuracies[m].estimand for m in group.members), key=list(Estimand).index),
        learnt=top.learnt,
    )
