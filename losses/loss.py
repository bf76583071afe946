"""The contract of a loss: one definition that torch and scikit-learn share."""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from torch import Tensor
from torch.nn.functional import cross_entropy

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


class Loss(ABC):
    """A per-sample training loss.

    The constructor takes the training lengths, because weights are normalised once over the training set: their mean is
    then exactly 1, and neither a learning rate nor scikit-learn's `C` changes its meaning. Weights are never normalised
    per batch: with batches of similar length that would cancel any weighting by length. The keyword-only arguments of
    the constructor are the loss's parameters.
    """

    name: ClassVar[str]

    def __init__(self, lengths: IntArray) -> None:
        """Build the loss.

        Args:
            lengths: (N,) words of each training text.

        Raises:
            ValueError: `lengths` is empty.
        """
        if len(lengths) == 0:
            raise ValueError("a loss needs the lengths of at least one training text")

    @abstractmethod
    def sample_weight(self, lengths: IntArray) -> FloatArray:
        """Return (N,) weights of the texts' cross-entropy; their mean over the training set is exactly 1.

        Args:
            lengths: (N,) words of each text.
        """

    @abstractmethod
    def __call__(self, logits: Tensor, labels: Tensor, lengths: Tensor) -> Tensor:
        """Return (B,) losses, unreduced; the trainer takes the plain mean over the batch.

        Args:
            logits: (B, C).
            labels: (B,) int64 class indices.
            lengths: (B,) words of each text.
        """


def cross_entropy_per_sample(logits: Tensor, labels: Tensor) -> Tensor:
    """Return (B,) cross-entropy of `logits` (B, C) and `labels` (B,), in float32 whatever the logits' precision."""
    return cross_entropy(logits.float(), labels, reduction="none")
