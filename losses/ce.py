"""Cross-entropy, the reference for every other loss."""

from typing import ClassVar

import numpy as np
from torch import Tensor

from losses.loss import FloatArray, IntArray, Loss, cross_entropy_per_sample


class CrossEntropy(Loss):
    """CE_i = -log softmax(logits_i)[label_i], in nats."""

    name: ClassVar[str] = "ce"

    def __init__(self, lengths: IntArray, labels: IntArray) -> None:
        super().__init__(lengths, labels)

    def sample_weight(self, lengths: IntArray, labels: IntArray) -> FloatArray:
        """Return (N,) ones."""
        return np.ones(len(lengths))

    def __call__(self, logits: Tensor, labels: Tensor, lengths: Tensor) -> Tensor:
        """Return (B,) losses in nats."""
        return cross_entropy_per_sample(logits, labels)
