"""The smallest difference in accuracy that a plan would detect, before it runs."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from reports.analysis.comparisons import contrast
from reports.analysis.estimates import ALPHA, LEAST_CLUSTERS, POWER, Clusters
from reports.analysis.evidence import Evidence

DISCORDANT = 0.08
"""Assumed share of the test rows on which exactly one of two models is right."""

TRAINING_DEVIATION = 0.004
"""Assumed standard deviation of accuracy over trainings that draw rows and seed anew."""

CORRELATION = 0.05
"""Assumed correlation, between rows of one group, of whether the first or the second of two models is right."""


@dataclass(frozen=True)
class Plan:
    """The data that a comparison of two models would rest on.

    Attributes:
        rows: test rows.
        comparisons: of the primary family; the level is divided by them.
        trainings: of each model.
        clusters: of the rows; None where they are independent.
        correlation: within clusters, as earlier results show it; None assumes `CORRELATION`.
        discordant: share of the rows that exactly one of the two gets right; half of it is the largest possible gain.
        deviation: standard deviation of a model's accuracy over trainings.
    """

    rows: int
    comparisons: int = 1
    trainings: int = 1
    clusters: Clusters | None = None
    correlation: float | None = None
    discordant: float = DISCORDANT
    deviation: float = TRAINING_DEVIATION

    @property
    def design_effect(self) -> float:
        """Variance over clustered rows over that of independent ones: 1 + (mean size - 1) correlation (Kish 1965)."""
        if self.clusters is None:
            return 1.0
        correlation = CORRELATION if self.correlation is None else self.correlation
        return 1 + (typical_size(self.clusters) - 1) * correlation

    @property
    def detectable(self) -> float:
        """The smallest true difference seen with 80 % power, as a share; about these trainings if there is one."""
        alpha = ALPHA / max(self.comparisons, 1)
        rows = self.rows / self.design_effect
        rows_degrees = max(self.rows - 1, 1) if self.clusters is None else self.clusters.degrees
        if self.trainings == 1:
            few = 1.0 if self.clusters is None else _reach(alpha, rows_degrees) / _reach(alpha, np.inf)
            return min(few * mcnemar_detectable(self.discordant, rows, alpha), 1.0)
        over_rows = self.discordant / rows
        over_trainings = 2 * self.deviation**2 / self.trainings
        variance = over_rows + over_trainings
        degrees = variance**2 / (over_rows**2 / rows_degrees + over_trainings**2 / (self.trainings - 1))
        return float(min(_reach(alpha, degrees) * np.sqrt(variance), 1.0))

    @property
    def sentence(self) -> str:
        """The figure with its assumptions."""
        about = (
            "two trained models (one training says nothing about the next)"
            if self.trainings == 1
            else f"two models with {self.trainings} trainings each, whose accuracy varies by "
            f"{100 * self.deviation:g} points between trainings"
        )
        family = "1 comparison" if self.comparisons == 1 else f"{self.comparisons} primary comparisons"
        groups = "" if self.clusters is None else f" in {self.clusters.count:,} groups"
        return (
            f"{self.rows:,} test rows{groups} and {family} detect a difference of {100 * self.detectable:.2f} points "
            f"or more between {about}, with 80 % power, if {self._disagreement}{self._grouped}."
        )

    @property
    def _disagreement(self) -> str:
        """Assumed share of rows on which exactly one model is right; it is at least the difference."""
        if self.detectable < self.discordant:
            return f"they disagree on {100 * self.discordant:g} % of the rows"
        return "they disagree on these rows alone"

    @property
    def _grouped(self) -> str:
        """The design effect and where it comes from, and whether there are enough groups."""
        if self.clusters is None:
            return ""
        effect = f"design effect {self.design_effect:.2f}"
        said = f" and rows of a group agree with a correlation of {CORRELATION:g} (assumed; {effect})"
        if self.correlation is not None:
            said = f"; rows of a group agree with a correlation of {self.correlation:.2g} (earlier results; {effect})"
        few = f"; with fewer than {LEAST_CLUSTERS} groups no interval is cluster-robust" if self.clusters.few else ""
        return f"{said}{few}"


def typical_size(clusters: Clusters) -> float:
    """Rows in the cluster of a row drawn at random, itself included: N times the sum of squared shares."""
    return float((clusters.codes < clusters.count).sum() / clusters.effective)


def observed_correlation(evidence: Sequence[Evidence]) -> float | None:
    """The correlation within clusters behind the design effects of the differences between neighbouring configurations.

    None where rows are independent, each cluster has one row, or there are no two configurations.
    """
    if len(evidence) < 2 or (clusters := evidence[0].rows.clusters) is None:
        return None
    effects = [contrast(first, second).estimate.design_effect for first, second in itertools.pairwise(evidence)]
    return min((float(np.mean(effects)) - 1) / (typical_size(clusters) - 1), 1.0)


def _reach(alpha: float, degrees: float) -> float:
    """Standard errors of the smallest true value that a two-sided test at level `alpha` detects with 80 % power."""
    return float(stats.t.ppf([1 - alpha / 2, POWER], degrees).sum())


def mcnemar_detectable(discordant: float, rows: float, alpha: float) -> float:
    """The smallest true difference in accuracy that McNemar's test at level `alpha` detects with 80 % power.

    Connor (1987), Biometrics 43, gives the rows needed to see a difference d where a share psi of the rows is
    discordant: n = (z_a sqrt(psi) + z_b sqrt(psi - d^2))^2 / d^2, with z_a and z_b the normal quantiles of
    1 - alpha/2 and of the power. This is that formula solved for d. As d cannot exceed psi, where it would, psi is
    taken to be d, and n d = (z_a + z_b)^2 (to first order in d).

    Args:
        discordant: psi, the share of rows that exactly one of the two gets right.
        rows: n; with clusters, as many independent rows as carry the same information.
        alpha: the level, two-sided.
    """
    z_a, z_b = stats.norm.ppf([1 - alpha / 2, POWER])
    root = z_a * np.sqrt(rows) + z_b * np.sqrt(max(rows + z_b**2 - z_a**2, 0.0))
    smallest = float(np.sqrt(discordant) * root / (rows + z_b**2))
    return smallest if smallest < discordant else float(min((z_a + z_b) ** 2 / rows, 1.0))
