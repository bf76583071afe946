"""The accuracy of a configuration with its interval."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from reports.analysis.estimands import Estimand
from reports.analysis.estimates import ALPHA, Estimate, Interval, estimate
from reports.analysis.evidence import Evidence, Rows
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
    with small expected number of positive counts estimated from survey data", Survey Methodology 24), with the quantile
    of Student's t. With clusters it is never narrower than without them. Several: Student's t over rows and trainings,
    within [0, 1].
    """
    mean = estimate(evidence.accuracy)
    if len(evidence.right) == 1 or mean.standard_error == 0:
        interval = _wilson(mean, evidence.rows)
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


def _wilson(mean: Estimate, rows: Rows) -> Interval:
    """Wilson's interval for as many independent rows as have the same variance.

    Args:
        mean: the share that is right.
        rows: the test rows; where all are right or wrong, each cluster counts as one.
    """
    spread = mean.value * (1 - mean.value)
    if rows.clusters is None:
        size, z = float(len(rows.labels)), float(stats.norm.isf(ALPHA / 2))
    else:
        size = len(rows.labels) / mean.design_effect if spread > 0 else rows.clusters.effective
        z = float(stats.t.isf(ALPHA / 2, rows.clusters.degrees))
    centre = (mean.value + z**2 / (2 * size)) / (1 + z**2 / size)
    reach = z / (1 + z**2 / size) * np.sqrt(spread / size + z**2 / (4 * size**2))
    return Interval(float(max(centre - reach, 0.0)), float(min(centre + reach, 1.0)))
