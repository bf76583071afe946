"""Cross-entropy that gives long texts more weight."""

from typing import ClassVar, TypeVar

import numpy as np
from pydantic import NonNegativeFloat, PositiveInt
from torch import Tensor

from losses.loss import FloatArray, IntArray, Loss, cross_entropy_per_sample

Lengths = TypeVar("Lengths", FloatArray, Tensor)


class LengthWeightedCrossEntropy(Loss):
    """w_i CE_i with w_i = (1 + alpha min(n_i, cap) / cap) / mean over the training set, where text i has n_i words.

    Importance-weighted empirical risk: the minimum moves towards parameters that fit long texts. `alpha` 0 is
    cross-entropy; with `alpha` 1, a text of `cap` words or more weighs twice as much as an empty one before
    normalisation.
    """

    name: ClassVar[str] = "length_weighted_ce"

    def __init__(
        self, lengths: IntArray, labels: IntArray, *, alpha: NonNegativeFloat = 1.0, cap: PositiveInt = 512
    ) -> None:
        super().__init__(lengths, labels)
        self.alpha, self.cap = alpha, cap
        self._mean = float(np.mean(self._unscaled(lengths.astype(np.float64))))

    def _unscaled(self, lengths: Lengths) -> Lengths:
        return 1.0 + self.alpha * lengths.clip(max=self.cap) / self.cap

    def sample_weight(self, lengths: IntArray, labels: IntArray) -> FloatArray:
        """Return (N,) weights w_i."""
        return self._unscaled(lengths.astype(np.float64)) / self._mean

    def __call__(self, logits: Tensor, labels: Tensor, lengths: Tensor) -> Tensor:
        """Return (B,) losses w_i CE_i."""
        return self._unscaled(lengths) / self._mean * cross_entropy_per_sample(logits, labels)
