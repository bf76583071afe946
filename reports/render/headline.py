"""The answer in a sentence, which claims no more than the comparisons do."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports import formats
from reports.analysis.results import REFERENCE_LOSS, Results
from reports.analysis.run_analysis import Analysis
from reports.analysis.statistics import Accuracy


@dataclass(frozen=True)
class Headline:
    """Who is at the top, among the models of one training size.

    Attributes:
        train_size: training rows.
        loss: what they were trained with.
        models: how many.
        leaders: those that no other is significantly better than, best first.
        rivals: those that a sole leader is not significantly better than, though others are.
    """

    train_size: int
    loss: str
    models: int
    leaders: tuple[Accuracy, ...]
    rivals: tuple[Accuracy, ...]

    @property
    def sentence(self) -> str:
        """What it says."""
        names = _models(self.leaders)
        if self.models == 1:
            return f"{names} is the only model here."
        if len(self.leaders) == self.models:
            return f"{names} cannot be told apart."
        if len(self.leaders) > 1:
            return f"{names} are tied at the top."
        if self.rivals:
            return f"{names} comes first, but cannot be told apart from {_models(self.rivals)}."
        return f"{names} is better than {'the other model' if self.models == 2 else f'all {self.models - 1} others'}."

    @property
    def figures(self) -> str:
        """The accuracies behind it, in percent with their intervals."""
        return "; ".join(
            f"{a.configuration.model} {formats.percent_interval(a.value, a.interval)} %"
            for a in (*self.leaders, *self.rivals)
        )


def headlines(analysis: Analysis) -> tuple[Headline, ...]:
    """One for each training size: first the one that most models ran with, the larger of equals."""
    loss = leading_loss(analysis.results)
    sizes = {a.configuration.train_size for a in analysis.accuracies if a.configuration.loss == loss}
    found = [_headline(analysis, size, loss) for size in sizes]
    return tuple(sorted(found, key=lambda headline: (-headline.models, -headline.train_size)))


def leading_loss(results: Results) -> str:
    """The label of the loss that models are compared with: cross-entropy if it ran, else the first."""
    losses = [configuration.loss for configuration in results.configurations]
    return next((loss for loss in losses if loss == REFERENCE_LOSS), next(iter(losses), REFERENCE_LOSS))


def _headline(analysis: Analysis, size: int, loss: str) -> Headline:
    places = {
        a.configuration.key: (rank.place, a)
        for a, rank in zip(analysis.accuracies, analysis.ranks, strict=True)
        if a.configuration.train_size == size and a.configuration.loss == loss
    }
    first = [a for place, a in places.values() if place == 1]
    leaders = tuple(sorted(first, key=lambda a: a.value, reverse=True))
    rivals: list[Accuracy] = []
    if len(leaders) == 1:
        own = leaders[0].configuration.key
        for c in analysis.comparisons:
            other = {c.first.key, c.second.key} - {own}
            if len(other) == 1 and not c.significant:
                rivals.append(places[other.pop()][1])
    return Headline(size, loss, len(places), leaders, tuple(rivals))


def one_training(analysis: Analysis) -> str:
    """Whose figures are those of one training; nothing where every model ran with several seeds."""
    configurations = analysis.results.configurations
    once = list(dict.fromkeys(c.model for c in configurations if c.seeds == 1))
    if not once:
        return ""
    whose = "Every model" if all(c.seeds == 1 for c in configurations) else _listed(once)
    return (
        f"{whose} ran with one seed: what is said here holds for that training, and the next may come out better "
        "or worse by more than the intervals say (--seeds 5 would show)."
    )


def _models(accuracies: Sequence[Accuracy]) -> str:
    return _listed([a.configuration.model for a in accuracies])


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
