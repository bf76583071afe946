"""Baselines that learn nothing, which every model has to beat; and whether accuracy misleads, as classes are unequal.

Both baselines know how often each class occurs among the test rows, which favours them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.schema.confidence import SMALLEST
from reports.analysis.estimates import FloatArray, IntArray

LARGEST, SMALLEST_CLASS = 0.8, 0.02
"""Shares of the rows: above the one, or below the other, of a class, accuracy misleads."""


@dataclass(frozen=True)
class Baselines:
    """A metric of both, higher is better, so that log loss and cost are negative; NaN where it is not defined.

    Attributes:
        majority: always the most common class, with the shares of the classes as probabilities.
        stratified: a class drawn by those shares; the expectation, for many rows.
        constant: always the class that costs least, for the metric `cost`; else NaN.
    """

    majority: float
    stratified: float
    constant: float = np.nan

    @property
    def best(self) -> float:
        """The best that can be had without reading a text: a model that has learnt is above it."""
        return float(np.nanmax([self.majority, self.stratified, self.constant]))


def class_shares(labels: IntArray, classes: int) -> FloatArray:
    """(C,) share of the rows that each class has."""
    shares: FloatArray = np.bincount(labels, minlength=classes) / len(labels)
    return shares


def misleads(shares: FloatArray) -> str:
    """Why accuracy misleads; "" where it does not.

    A small class is one with less than 2 % of the rows, and less than half of what it had if all were equal: with 150
    equal classes none is small. Classes that do not occur are left out.

    Args:
        shares: (C,) of the rows.
    """
    present = shares[shares > 0]
    if present.max() > LARGEST:
        return f"the most common class has {100 * present.max():.1f} % of the test rows"
    if present.min() < min(SMALLEST_CLASS, 0.5 / len(present)):
        return f"the rarest class has {100 * present.min():.1f} % of the test rows"
    return ""


def baselines(metric: str, shares: FloatArray, costs: Sequence[Sequence[float]] | None = None) -> Baselines:
    """The metric of both baselines.

    Args:
        metric: a key of `METRICS`.
        shares: (C,) of the test rows.
        costs: C x C by label and predicted class, for the metric `cost`.
    """
    own, present = shares[shares > 0], len(shares[shares > 0])
    largest, alike = float(own.max()), float((own**2).sum())
    if metric == "accuracy":
        return Baselines(largest, alike)
    if metric == "balanced_accuracy":
        return Baselines(1 / present, 1 / present)
    if metric == "macro_f1":
        return Baselines(2 * largest / (1 + largest) / present, 1 / present)  # F1 of a class drawn by its share: itself
    if metric == "average_precision":
        precision = float(own.min() if len(shares) == 2 else own.mean())
        return Baselines(precision, precision)
    if metric == "log_loss":
        return Baselines(float((own * np.log(own.clip(SMALLEST))).sum()), np.nan)
    matrix = np.array(costs, dtype=np.float64)
    of_answers = -(shares @ matrix)
    return Baselines(float(of_answers[shares.argmax()]), float(of_answers @ shares), float(of_answers.max()))
