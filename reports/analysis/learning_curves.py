"""Accuracy over training rows, and the sizes between which a model overtakes the cheapest."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.analysis.accuracy import Accuracy
from reports.analysis.comparisons import Comparison
from reports.analysis.estimands import Estimand
from reports.analysis.growth import Lead, Order, lead
from reports.analysis.primary import Primary
from reports.analysis.results import Configuration
from reports.analysis.verdicts import Verdict


@dataclass(frozen=True)
class LearningCurve:
    """Accuracy over training rows, for one model and loss.

    Attributes:
        points: one for each training size, smallest first.
    """

    points: tuple[Accuracy, ...]

    @property
    def model(self) -> str:
        """Its label."""
        return self.points[0].configuration.model

    @property
    def loss(self) -> str:
        """Its label."""
        return self.points[0].configuration.loss

    @property
    def sizes(self) -> tuple[int, ...]:
        """Training rows of each point."""
        return tuple(point.configuration.train_size for point in self.points)


@dataclass(frozen=True)
class Crossing:
    """A model against the cheapest over the training sizes that both ran with.

    Attributes:
        cheapest, model: labels.
        loss: label of their common loss.
        sizes: the smallest and the largest common training size.
        lead: of the model, from the simultaneous intervals of the report's family.
        estimand: what it speaks of.
    """

    cheapest: str
    model: str
    loss: str
    sizes: tuple[int, int]
    lead: Lead
    estimand: Estimand

    @property
    def sentence(self) -> str:
        """The finding as a sentence; empty where nothing is shown."""
        tested = f"{self.sizes[0]:,} to {self.sizes[1]:,} training texts"
        claim = self.estimand.claim
        if self.lead.order is Order.CROSSES and self.lead.between:
            low, high = (f"{size:,.0f}" for size in self.lead.between)
            between = f"between {low} and {high} training texts (95 % interval)"
            return f"{self.model} overtakes {self.cheapest} {between} {claim}."
        if self.lead.order is Order.AHEAD:
            return f"{self.model} is better than {self.cheapest} at every size tested ({tested}) {claim}."
        if self.lead.order is Order.BEHIND:
            return f"{self.model} is worse than {self.cheapest} at every size tested ({tested}) {claim}."
        return f"{self.model} is not shown to overtake {self.cheapest} from {tested}."


def learning_curves(accuracies: Sequence[Accuracy]) -> tuple[LearningCurve, ...]:
    """A curve for each model and loss that ran with more than one training size."""
    groups: dict[tuple[str, ...], list[Accuracy]] = {}
    for accuracy in accuracies:
        c = accuracy.configuration
        groups.setdefault((c.model, c.loss, c.device, c.precision), []).append(accuracy)
    ordered = [sorted(group, key=lambda accuracy: accuracy.configuration.train_size) for group in groups.values()]
    return tuple(LearningCurve(tuple(group)) for group in ordered if len(group) > 1)


def _who(configuration: Configuration) -> tuple[str, str, str]:
    return configuration.model, configuration.device, configuration.precision


def crossings(primary: Primary) -> tuple[Crossing, ...]:
    """Every model against the one that is the cheapest at the largest size, over the sizes at which it is so."""
    if len(primary.against_cheapest) < 2:
        return ()
    cheapest = primary.against_cheapest[max(primary.against_cheapest)][0]
    curves: dict[tuple[str, str, str], list[Comparison]] = {}
    for size in sorted(primary.against_cheapest):
        own, comparisons = primary.against_cheapest[size]
        if _who(own) == _who(cheapest):
            for comparison in comparisons:
                if comparison.verdict is not Verdict.VOID:
                    curves.setdefault(_who(comparison.first), []).append(comparison)
    return tuple(
        Crossing(
            cheapest=cheapest.model,
            model=compared[0].first.model,
            loss=cheapest.loss,
            sizes=(compared[0].first.train_size, compared[-1].first.train_size),
            lead=lead(
                [c.first.train_size for c in compared],
                [c.finding.interval.low for c in compared],
                [c.finding.interval.high for c in compared],
            ),
            estimand=min((c.estimand for c in compared), key=list(Estimand).index),
        )
        for compared in curves.values()
        if len(compared) > 1
    )
