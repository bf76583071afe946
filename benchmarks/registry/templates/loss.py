"""Cross-entropy weighted by the square root of length. Describe your loss here, and name its publication."""

from typing import ClassVar

import numpy as np
from pydantic import NonNegativeFloat
from torch import Tensor

from losses.loss import FloatArray, IntArray, Loss, cross_entropy_per_sample


class MyLoss(Loss):
    """w_i CE_i with w_i = (1 + beta sqrt(n_i)) / mean over the training set, n_i words."""

    name: ClassVar[str] = "my_loss"

    def __init__(self, lengths: IntArray, labels: IntArray, *, beta: NonNegativeFloat = 0.1) -> None:
        super().__init__(lengths, labels)
        self.beta = beta
        self._mean = float(np.mean(1.0 + beta * np.sqrt(lengths)))

    def sample_weight(self, lengths: IntArray, labels: IntArray) -> FloatArray:
        """(N,) weights w_i."""
        weights: FloatArray = (1.0 + self.beta * np.sqrt(lengths)) / self._mean
        return weights

    def __call__(self, logits: Tensor, labels: Tensor, lengths: Tensor) -> Tensor:
        """(B,) losses w_i CE_i."""
        weights = (1.0 + self.beta * lengths.sqrt()) / self._mean
        return weights * cross_entropy_per_sample(logits, labels)
