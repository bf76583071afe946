"""The contract of a loss: one definition that torch and scikit-learn share."""

import inspect
from abc import ABC, abstractmethod
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field
from torch import Tensor
from torch.nn.functional import cross_entropy

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

Fraction = Annotated[float, Field(ge=0, lt=1)]
"""A parameter in [0, 1)."""


class Loss(ABC):
    """A per-sample training loss.

    The constructor takes the lengths and labels of the training texts, because weights are normalised once over the
    training set: their mean is then exactly 1, and a learning rate and scikit-learn's `C` keep their meaning.
    Weights are never normalised per batch: with batches of similar length that would cancel any weighting by length.
    The keyword-only arguments of the constructor are the loss's parameters.
    """

    name: ClassVar[str]

    weighting: ClassVar[bool] = True
    """Whether the loss is cross-entropy times `sample_weight`. Models that take sample weights only, such as
    scikit-learn's, train with no other loss; the grid leaves them out."""

    def __init_subclass__(cls) -> None:
        """Refuse a class whose constructor or weights take other arguments.

        Raises:
            TypeError: they do; one line with the signature to write.
        """
        super().__init_subclass__()
        for method in ("__init__", "sample_weight"):
            written = cls.__dict__.get(method)
            found = () if written is None else _positional(written)
            if written is not None and found[:3] != ("self", "lengths", "labels"):
                raise TypeError(
                    f"{cls.__name__}.{method} takes ({', '.join(found[1:])}), but a loss is built from the training "
                    f"texts' lengths and labels: write {method}(self, lengths, labels)"
                )

    def __init__(self, lengths: IntArray, labels: IntArray) -> None:
        """Build the loss.

        Args:
            lengths: (N,) words of each training text.
            labels: (N,) class index of each training text.

        Raises:
            ValueError: there is no training text, or the numbers of texts and labels differ.
        """
        if len(lengths) == 0:
            raise ValueError("a loss needs the lengths of at least one training text")
        if len(labels) != len(lengths):
            raise ValueError(f"a loss needs a label for each training text, not {len(labels)} for {len(lengths)}")

    def sample_weight(self, lengths: IntArray, labels: IntArray) -> FloatArray:
        """Return (N,) weights of the texts' cross-entropy; their mean over the training set is exactly 1.

        Args:
            lengths: (N,) words of each text.
            labels: (N,) class index of each text; each class is among the training labels.

        Raises:
            ValueError: the loss is not a weighting of cross-entropy.
        """
        if self.weighting:
            raise NotImplementedError(f"loss {self.name!r} is a weighting, and defines no sample_weight")
        raise ValueError(
            f"loss {self.name!r} is no weighting of cross-entropy: it trains no model that takes sample weights only"
        )

    @abstractmethod
    def __call__(self, logits: Tensor, labels: Tensor, lengths: Tensor) -> Tensor:
        """Return (B,) losses, unreduced; the trainer takes the plain mean over the batch.

        Args:
            logits: (B, C).
            labels: (B,) int64 class indices; each class is among the training labels.
            lengths: (B,) words of each text.
        """


def cross_entropy_per_sample(logits: Tensor, labels: Tensor) -> Tensor:
    """Return (B,) cross-entropy of `logits` (B, C) and `labels` (B,), in float32 for logits of any precision."""
    return cross_entropy(logits.float(), labels, reduction="none")


def _positional(function: object) -> tuple[str, ...]:
    """Names of a function's positional parameters."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
    return tuple(parameter.name for parameter in parameters if parameter.kind in kinds)
