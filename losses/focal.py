"""Cross-entropy that gives texts the model is sure of less weight."""

from typing import ClassVar

from pydantic import NonNegativeFloat
from torch import Tensor

from losses.loss import IntArray, Loss, cross_entropy_per_sample


class Focal(Loss):
    """(1 - p_i)^gamma CE_i, where p_i is the predicted probability of text i's label.

    Lin et al. (2017), Focal Loss for Dense Object Detection, arXiv:1708.02002, without class weights. `gamma` 0 is
    cross-entropy. The weight depends on the prediction, so only models that differentiate the loss can train with it.
    """

    name: ClassVar[str] = "focal"
    weighting: ClassVar[bool] = False

    def __init__(self, lengths: IntArray, labels: IntArray, *, gamma: NonNegativeFloat = 2.0) -> None:
        super().__init__(lengths, labels)
        self.gamma = gamma

    def __call__(self, logits: Tensor, labels: Tensor, lengths: Tensor) -> Tensor:
        """Return (B,) losses."""
        plain = cross_entropy_per_sample(logits, labels)
        # 1 - p as -expm1(log p): near p = 1 the difference has no digits left, and its power no finite gradient.
        return (-(-plain).expm1()).clamp(min=LEAST_DOUBT) ** self.gamma * plain


LEAST_DOUBT = 1e-12
"""Least 1 - p of a text: a power below 1 of an exact 0 has an infinite gradient."""
