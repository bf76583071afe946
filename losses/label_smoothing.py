"""Cross-entropy against labels that are softened."""

from typing import ClassVar

from torch import Tensor
from torch.nn.functional import cross_entropy

from losses.loss import Fraction, IntArray, Loss


class LabelSmoothing(Loss):
    """Cross-entropy against (1 - epsilon) one_hot(label_i) + epsilon / C, over C classes.

    Szegedy et al. (2016), Rethinking the Inception Architecture, arXiv:1512.00567, section 7. `epsilon` 0 is
    cross-entropy. The target has several classes, so only models that differentiate the loss can train with it.
    """

    name: ClassVar[str] = "label_smoothing"
    weighting: ClassVar[bool] = False

    def __init__(self, lengths: IntArray, labels: IntArray, *, epsilon: Fraction = 0.1) -> None:
        super().__init__(lengths, labels)
        self.epsilon = epsilon

    def __call__(self, logits: Tensor, labels: Tensor, lengths: Tensor) -> Tensor:
        """Return (B,) losses in nats."""
        return cross_entropy(logits.float(), labels, reduction="none", label_smoothing=self.epsilon)
