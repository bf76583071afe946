"""The accuracy of a configuration with its interval."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from reports.analysis.estimands import Estimand
from reports.analysis.estimates import ALPHA, Clusters, Estimate, Interval, estimate
from reports.analysis.evidence import Evidence
from reports.analysis.results import Configuration
from reports.analysis.verdicts import above_baseline


@dataclass(frozen=True)
class Accuracy:
    """The accuracy of a configuration.

    Attributes:
        configuration: what was run.
        value: the mean over trainings.
        interval: 95 %, for this figure alone.
        estimand: what the interval covers.
        deterministic: whether several trainings were found to predict the same.
        majority: accuracy of always answering the most common class.
    """

    configuration: Configuration
    value: float
    interval: Interval
    estimand: Estimand
    deterministic: bool
    majority: float

    @property
    def learnt(self) -> bool:
        """Whether it is shown to beat the majority class."""
        return above_baseline(self.interval.low, self.majority)


def accuracy(evidence: Evidence) -> Accuracy:
    """The accuracy with its 95 % interval.

    One training, or several that predict the same: Wilson's score interval over the test rows, or over as many rows as
    carry the same information where rows come in clusters (Korn & Graubard 1998, "Confidence intervals for proportions
    with small expected number of positive counts estimated from survey data", Survey Methodology 24), with the quantile
    of Student's t. With clusters it is never narrower than without them. Several: Student's t over rows and trainings,
    within [0, 1].
    """
    mean = estimate(evidence.accuracy)
    interval = _interval(mean, len(evidence.right), len(evidence.rows.labels), evidence.rows.clusters)
    return Accuracy(
        configuration=evidence.configuration,
        value=mean.value,
        interval=interval,
        estimand=evidence.estimand,
        deterministic=evidence.deterministic,
        majority=evidence.rows.majority,
    )


def accuracy_within(evidence: Evidence, bucket: int) -> tuple[float, Interval]:
    """The accuracy within a length bucket with its 95 % interval, as of all rows; NaN where it has no rows."""
    mean, inside = estimate(evidence.within(bucket)), evidence.buckets == bucket
    if not inside.any():
        return mean.value, mean.interval
    clusters = evidence.rows.clusters
    within = None if clusters is None else clusters.within(inside)
    return mean.value, _interval(mean, len(evidence.right), int(inside.sum()), within)


def _interval(mean: Estimate, trainings: int, rows: int, clusters: Clusters | None) -> Interval:
    if trainings == 1 or mean.standard_error == 0:
        return _wilson(mean, rows, clusters)
    low, high = np.clip(mean.interval, 0.0, 1.0)
    return Interval(float(low), float(high))


def _wilson(mean: Estimate, rows: int, clusters: Clusters | None) -> Interval:
    """Wilson's interval for as many independent rows as have the same variance.

    Args:
        mean: the share that is right.
        rows: number of test rows.
        clusters: of these rows; where all are right or wrong, each cluster counts as one.
    """
    spread = mean.value * (1 - mean.value)
    if clusters is None:
        size, z = float(rows), float(stats.norm.isf(ALPHA / 2))
    else:
        size = rows / mean.design_effect if spread > 0 else clusters.effective
        z = float(stats.t.isf(ALPHA / 2, clusters.degrees))
    centre = (mean.value + z**2 / (2 * size)) / (1 + z**2 / size)
    reach = z / (1 + z**2 / size) * np.sqrt(spread / size + z**2 / (4 * size**2))
    return Interval(float(max(centre - reach, 0.0)), float(min(centre + reach, 1.0)))
