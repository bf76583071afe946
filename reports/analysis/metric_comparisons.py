"""Models ranked and compared by another metric than accuracy, by the method that decides."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.analysis.decision import judge
from reports.analysis.estimates import Interval, estimate
from reports.analysis.evidence import Evidence
from reports.analysis.metric_figures import METRICS, metric_figure
from reports.analysis.results import Results


@dataclass(frozen=True)
class Ranked:
    """A configuration by the metric.

    Attributes:
        evidence: of it.
        value: higher is better.
        interval: 95 %, by itself.
        behind: 95 % interval of its figure less that of the truly best, at or below zero, together with all others.
    """

    evidence: Evidence
    value: float
    interval: Interval
    behind: Interval


def ranked(metric: str, evidence: Sequence[Evidence], results: Results) -> tuple[Ranked, ...]:
    """Rank configurations, the best first.

    Args:
        metric: a key of `METRICS`.
        evidence: of configurations on the same test rows.
        results: that they come from.
    """
    figures = {id(one): metric_figure(metric, one, results) for one in evidence}
    chosen = METRICS[metric]
    judged = judge(evidence, chosen.tolerance, lambda one: figures[id(one)], chosen.largest_difference)
    found = []
    for one, standing in zip(evidence, judged, strict=True):
        mean = estimate(figures[id(one)])
        found.append(Ranked(one, mean.value, chosen.within(mean.interval), standing.behind))
    return tuple(sorted(found, key=lambda one: -one.value))
