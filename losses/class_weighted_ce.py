"""Cross-entropy that gives rare classes more weight."""

from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from losses.loss import FloatArray, Fraction, IntArray, Loss, cross_entropy_per_sample


class ClassWeightedCrossEntropy(Loss):
    """w_i CE_i with w_i = u(n) / mean of u over the training set, where n training texts share the label of text i.

    Balanced by default: u(n) = 1 / n, so that every class has the same total weight (King & Zeng 2001,
    doi:10.1093/oxfordjournals.pan.a004868). With `beta`, u(n) = (1 - beta) / (1 - beta^n), the inverse of the effective
    number of texts (Cui et al. 2019, arXiv:1901.05555): `beta` 0 is cross-entropy, and the limit 1 is balanced.
    On training data with classes of equal size it is cross-entropy.
    """

    name: ClassVar[str] = "class_weighted_ce"

    def __init__(self, lengths: IntArray, labels: IntArray, *, beta: Fraction | None = None) -> None:
        super().__init__(lengths, labels)
        self.beta = beta
        counts = np.bincount(labels).astype(np.float64)
        present = counts > 0
        unscaled = np.zeros_like(counts)
        if beta is None:
            unscaled[present] = 1 / counts[present]
        else:
            unscaled[present] = (1 - beta) / (1 - beta ** counts[present])
        self._of_class: FloatArray = unscaled / (unscaled[labels].mean())  # (C,)
        self._tensor = torch.from_numpy(self._of_class)

    def sample_weight(self, lengths: IntArray, labels: IntArray) -> FloatArray:
        """Return (N,) weights w_i."""
        return self._of_class[labels]

    def __call__(self, logits: Tensor, labels: Tensor, lengths: Tensor) -> Tensor:
        """Return (B,) losses w_i CE_i."""
        if self._tensor.device != labels.device:
            self._tensor = self._tensor.to(labels.device)
        return self._tensor[labels].float() * cross_entropy_per_sample(logits, labels)
