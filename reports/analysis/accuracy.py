"""The accuracy of a configuration with its interval."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from reports.analysis.estimands import Estimand
from reports.analysis.estimates import ALPHA, Estimate, Interval, estimate
from reports.analysis.evidence import Evidence
from reports.analysis.results import Configuration
from reports.analysis.verdicts import above_majority


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
        return above_majority(self.interval.low, self.majority)


def accuracy(evidence: Evidence) -> Accuracy:
    """The accuracy with its 95 % interval.

    One training, or several that predict the same: Wilson's score interval over the test rows, or over as many rows as
    carry the same information where rows come in clusters (Korn & Graubard 1998, "Confidence intervals for proportions
    with small expected number of positive counts estimated from survey data", Survey Methodology 24). Several:
    Student's t over rows and trainings, within [0, 1].
    """
    figure = evidence.accuracy
    mean = estimate(figure)
    if len(evidence.right) == 1 or mean.standard_error == 0:
        independent = evidence.rows.clusters is None
        quantile = stats.norm.isf(ALPHA / 2) if independent else stats.t.isf(ALPHA / 2, max(figure.clusters - 1, 1))
        interval = _wilson(mean, figure.clusters, float(quantile))
    else:
        low, high = np.clip(mean.interval, 0.0, 1.0)
        interval = Interval(float(low), float(high))
    return Accuracy(
        configuration=evidence.configuration,
        value=mean.value,
        interval=interval,
        estimand=evidence.estimand,
        deterministic=evidence.deterministic,
        majority=evidence.rows.majority,
    )


def _wilson(mean: Estimate, clusters: float, z: float) -> Interval:
    """Wilson's interval for as many independent rows as have the same variance.

    Args:
        mean: the share that is right.
        clusters: rows, or equally large clusters of rows; the number of rows that count where all are right or wrong.
        z: quantile of the normal distribution, or of Student's t where there are few clusters.
    """
    spread = mean.value * (1 - mean.value)
    if spread == 0 or mean.standard_error == 0:
        rows = clusters
    else:
        rows = spread / mean.standard_error**2 * clusters / max(clusters - 1, 1)
    centre = (mean.value + z**2 / (2 * rows)) / (1 + z**2 / rows)
    reach = z / (1 + z**2 / rows) * np.sqrt(spread / rows + z**2 / (4 * rows**2))
    return Interval(float(max(centre - reach, 0.0)), float(min(centre + reach, 1.0)))
