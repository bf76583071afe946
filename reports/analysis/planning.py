"""The smallest difference in accuracy that a plan would detect, before it runs."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from reports.analysis.estimates import ALPHA, POWER

DISCORDANT = 0.08
"""Assumed share of the test rows on which exactly one of two models is right."""

TRAINING_DEVIATION = 0.004
"""Assumed standard deviation of accuracy over trainings that draw rows and seed anew."""


@dataclass(frozen=True)
class Plan:
    """What a comparison of two models would rest on.

    Attributes:
        rows: test rows, or clusters of them.
        comparisons: of the primary family; the level is divided by them.
        trainings: of each model.
        discordant: share of the rows that exactly one of the two gets right; half of it is the largest possible gain.
        deviation: standard deviation of a model's accuracy over trainings.
    """

    rows: int
    comparisons: int = 1
    trainings: int = 1
    discordant: float = DISCORDANT
    deviation: float = TRAINING_DEVIATION

    @property
    def detectable(self) -> float:
        """The smallest true difference seen with 80 % power, as a share; about these trainings if there is one."""
        alpha = ALPHA / max(self.comparisons, 1)
        if self.trainings == 1:
            return mcnemar_detectable(self.discordant, self.rows, alpha)
        over_rows = self.discordant / self.rows
        over_trainings = 2 * self.deviation**2 / self.trainings
        variance = over_rows + over_trainings
        degrees = variance**2 / (over_rows**2 / max(self.rows - 1, 1) + over_trainings**2 / (self.trainings - 1))
        quantiles = stats.t.ppf([1 - alpha / 2, POWER], degrees)
        return float(min(quantiles.sum() * np.sqrt(variance), 1.0))

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
        return (
            f"{self.rows:,} test rows and {family} detect a difference of {100 * self.detectable:.2f} points or more "
            f"between {about}, with 80 % power, if they disagree on {100 * self.discordant:g} % of the rows."
        )


def mcnemar_detectable(discordant: float, rows: int, alpha: float) -> float:
    """The smallest true difference in accuracy that McNemar's test at level `alpha` detects with 80 % power.

    Connor (1987), Biometrics 43, gives the rows needed to see a difference d where a share psi of the rows is
    discordant: n = (z_a sqrt(psi) + z_b sqrt(psi - d^2))^2 / d^2, with z_a and z_b the normal quantiles of
    1 - alpha/2 and of the power. This is that formula solved for d. As d cannot exceed psi, where it would, psi is
    taken to be d, and n d = (z_a + z_b)^2 (to first order in d).

    Args:
        discordant: psi, the share of rows that exactly one of the two gets right.
        rows: n.
        alpha: the level, two-sided.
    """
    z_a, z_b = stats.norm.ppf([1 - alpha / 2, POWER])
    root = z_a * np.sqrt(rows) + z_b * np.sqrt(max(rows + z_b**2 - z_a**2, 0.0))
    smallest = float(np.sqrt(discordant) * root / (rows + z_b**2))
    return smallest if smallest < discordant else float(min((z_a + z_b) ** 2 / rows, 1.0))
