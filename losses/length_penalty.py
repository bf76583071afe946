"""A length term that cannot change training: the fault that the gradient audit must find."""

from typing import ClassVar

import numpy as np
from pydantic import NonNegativeFloat, PositiveInt
from torch import Tensor

from losses.loss import FloatArray, IntArray, Loss, cross_entropy_per_sample


class LengthPenalty(Loss):
    """CE_i + weight n_i / cap, where text i has n_i words.

    The added term does not depend on the logits, so its gradient is zero and training is that of cross-entropy; only
    the reported loss value differs. Off by default: it tests the gradient audit.
    """

    name: ClassVar[str] = "length_penalty"

    def __init__(
        self, lengths: IntArray, labels: IntArray, *, weight: NonNegativeFloat = 0.1, cap: PositiveInt = 512
    ) -> None:
        super().__init__(lengths, labels)
        self.weight, self.cap = weight, cap

    def sample_weight(self, lengths: IntArray, labels: IntArray) -> FloatArray:
        """Return (N,) ones: a constant added to a loss does not weight samples."""
        return np.ones(len(lengths))

    def __call__(self, logits: Tensor, labels: Tensor, lengths: Tensor) -> Tensor:
        """Return (B,) losses."""
        return cross_entropy_per_sample(logits, labels) + self.weight * lengths / self.cap
