"""Everything the report says of a run, worked out once."""

from dataclasses import dataclass
from functools import cached_property

from reports.analysis.accuracy import Accuracy, accuracy
from reports.analysis.comparisons import Comparison
from reports.analysis.cost import Ladder, ladders
from reports.analysis.evidence import Evidence, gather
from reports.analysis.leading_metric import LeadingMetric, leading_metric
from reports.analysis.learning_curves import Crossing, LearningCurve, crossings, learning_curves
from reports.analysis.length_effects import LengthEffect, length_effects
from reports.analysis.noise import Noise, fit_timing, noise
from reports.analysis.price import Terms
from reports.analysis.primary import Primary, exploratory, primary
from reports.analysis.recommendation import Question, Recommendation, recommend
from reports.analysis.results import Results
from reports.analysis.selective import Selection, selections
from reports.analysis.unread import Unread, unread


@dataclass(frozen=True, eq=False)
class Analysis:
    """The statistics of one run.

    Attributes:
        results: what they are of.
        evidence: one for each configuration, in their order.
        accuracies: the same.
        primary: the comparisons whose verdicts the report states, as one family.
        exploratory: all other pairs of the most accurate configurations of the same loss and training size.
        length_effects: other losses against the reference loss.
        unread: models that truncation may have cost something.
        learning_curves: models that ran with several training sizes.
        crossings: models against the cheapest over training sizes.
        ladders: what each model costs beside the cheapest, for each training size.
        noise: how far readings of the same work lie apart, and what kept the machine busy.
    """

    results: Results
    evidence: tuple[Evidence, ...]
    accuracies: tuple[Accuracy, ...]
    primary: Primary
    exploratory: tuple[Comparison, ...]
    length_effects: tuple[LengthEffect, ...]
    unread: tuple[Unread, ...]
    learning_curves: tuple[LearningCurve, ...]
    crossings: tuple[Crossing, ...]
    ladders: tuple[Ladder, ...]
    noise: Noise

    @cached_property
    def recommendation(self) -> Recommendation | None:
        """The decision at the default tolerance, at the run's own price per hour; None where no cell ended ok."""
        if not self.evidence:
            return None
        terms = Terms(price_per_hour=self.results.price_per_hour)
        return recommend([self.results], Question(self.leading.name, terms=terms))

    @cached_property
    def leading(self) -> LeadingMetric:
        """The metric that the report leads with; accuracy where no cell ended ok."""
        return leading_metric(self.results, self.evidence[0].rows) if self.evidence else LeadingMetric("accuracy", "")

    @cached_property
    def selections(self) -> tuple[Selection, ...]:
        """Answering only the surest texts, one for each configuration."""
        return selections(self.evidence, self.results)


def analyse(results: Results) -> Analysis:
    """Work everything out.

    Raises:
        StoreError: cells are of different data, or were not scored on the same test rows.
    """
    evidence = gather(results)
    accuracies = tuple(map(accuracy, evidence))
    fit_seconds = [fit_timing(one.configuration.cells).median for one in evidence]
    family = primary(evidence, accuracies, fit_seconds, results.margin)
    measured = noise(results)
    return Analysis(
        results=results,
        evidence=evidence,
        accuracies=accuracies,
        primary=family,
        exploratory=exploratory(evidence, accuracies, family),
        length_effects=length_effects(evidence, family),
        unread=unread(evidence),
        learning_curves=learning_curves(accuracies),
        crossings=crossings(family),
        ladders=ladders(accuracies, family, measured),
        noise=measured,
    )
