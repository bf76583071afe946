"""Everything the report says of a run, worked out once."""

from dataclasses import dataclass

from reports.analysis.cost import Ladder, ladders
from reports.analysis.evidence import Evidence, gather
from reports.analysis.learning_curves import Crossing, LearningCurve, crossings, learning_curves
from reports.analysis.length_effects import LengthEffect, length_effects
from reports.analysis.noise import Noise, noise
from reports.analysis.results import Results
from reports.analysis.statistics import Accuracy, Comparison, Rank, accuracy, comparable_pairs, compare, rank
from reports.analysis.unread import Unread, unread


@dataclass(frozen=True)
class Analysis:
    """The statistics of one run.

    Attributes:
        results: what they are of.
        evidence: one for each configuration, in their order.
        accuracies, ranks: the same.
        comparisons: every two configurations of the same loss and training size: one family.
        length_effects: other losses against cross-entropy: another family.
        unread: models that truncation may have cost something.
        learning_curves: models that ran with several training sizes.
        crossings: where a costlier model overtakes a cheaper one.
        ladders: what the next model buys and costs, for each training size.
        noise: how far throughputs can be told apart.
    """

    results: Results
    evidence: tuple[Evidence, ...]
    accuracies: tuple[Accuracy, ...]
    ranks: tuple[Rank, ...]
    comparisons: tuple[Comparison, ...]
    length_effects: tuple[LengthEffect, ...]
    unread: tuple[Unread, ...]
    learning_curves: tuple[LearningCurve, ...]
    crossings: tuple[Crossing, ...]
    ladders: tuple[Ladder, ...]
    noise: Noise


def analyse(results: Results) -> Analysis:
    """Work everything out.

    Raises:
        StoreError: two cells were not scored on the same test rows.
    """
    evidence = gather(results)
    accuracies = tuple(map(accuracy, evidence))
    comparisons = compare(comparable_pairs(evidence))
    curves = learning_curves(accuracies)
    return Analysis(
        results=results,
        evidence=evidence,
        accuracies=accuracies,
        ranks=rank(results.configurations, comparisons),
        comparisons=comparisons,
        length_effects=length_effects(evidence),
        unread=unread(evidence),
        learning_curves=curves,
        crossings=crossings(curves, comparisons),
        ladders=ladders(accuracies, comparisons),
        noise=noise(results),
    )
