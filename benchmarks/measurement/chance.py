"""Whether an accuracy is more than chance."""

import numpy as np
from scipy.stats import binom

from data.dataset import IntArray

CHANCE_LEVEL = 0.01
"""One-sided significance level of "better than always naming the most common class"."""


def majority_share(labels: IntArray) -> float:
    """Return the share of the most common class: the accuracy of always naming it."""
    return float(np.bincount(labels).max() / len(labels))


def above_majority(predicted: IntArray, labels: IntArray) -> bool:
    """Whether an accuracy is above that of always naming the most common class: a one-sided binomial test.

    Args:
        predicted: (N,) class indices.
        labels: (N,) class indices.
    """
    correct = int((predicted == labels).sum())
    return bool(binom.sf(correct - 1, len(labels), majority_share(labels)) <= CHANCE_LEVEL)
