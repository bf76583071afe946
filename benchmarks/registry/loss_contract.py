"""Checks that every loss must pass: the tests run them on the built-in losses, `check` on a plug-in.

A check is a function that raises AssertionError, with a message for the author, where the contract is broken.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from benchmarks.registry.entries import entry, loss_class
from data.arrays import FloatArray, IntArray
from losses.loss import Loss

LENGTHS = np.random.default_rng(0).integers(1, 1500, 400)
"""Words of training texts."""

SEEN = np.random.default_rng(1).normal(size=(len(LENGTHS), 4))
"""Features of the training texts."""

_SIGNAL = SEEN[:, 0] * (1 + LENGTHS / 700) + SEEN[:, 1]
LABELS: IntArray = (_SIGNAL + np.random.default_rng(2).normal(size=len(LENGTHS)) > 1).astype(np.int64)
"""Classes of the training texts, mostly 0. Long texts follow another rule, so weighting them moves the optimum."""


@dataclass(frozen=True)
class Built:
    """A loss of the registry with settings.

    Attributes:
        name: its registered name.
        settings: its parameters.
    """

    name: str
    settings: Mapping[str, Any]

    @cached_property
    def loss(self) -> Loss:
        """Built on `LENGTHS` and `LABELS`."""
        return loss_class(self.name)(LENGTHS, LABELS, **self.settings)


def a_loss_is_what_the_registry_says(built: Built) -> None:
    """`name` and `weighting` equal the values read from the source text."""
    assert built.loss.name == built.name, f"its `name` is {built.loss.name!r}, not {built.name!r}"
    found = built.loss.weighting
    assert found == entry("losses", built.name).weighting, f"`weighting` is {found}; write it out in the class"


def weights_have_mean_one_over_the_training_set(built: Built) -> None:
    """Weights have mean 1, so learning rate and scikit-learn's C keep their meaning; a loss without weights refuses."""
    if built.loss.weighting:
        mean = float(built.loss.sample_weight(LENGTHS, LABELS).mean())
        assert abs(mean - 1) < 1e-12, f"`sample_weight` has mean {mean} over the training set, not 1"
        return
    try:
        built.loss.sample_weight(LENGTHS, LABELS)
    except ValueError:
        return
    raise AssertionError("`weighting` is False, and `sample_weight` raises no ValueError; leave it to the base class")


def a_loss_is_unreduced_and_in_float32(built: Built) -> None:
    """The values are (B,) float32 for logits of any precision."""
    labels, lengths = torch.tensor([0, 1, 1, 0, 1]), torch.arange(5)
    values = built.loss(torch.zeros(5, 3, dtype=torch.bfloat16), labels, lengths)
    assert values.shape == (5,), f"the losses of 5 texts have shape {tuple(values.shape)}, not (5,)"
    assert values.dtype == torch.float32, f"the losses of bfloat16 logits are {values.dtype}, not torch.float32"


def a_loss_does_not_depend_on_what_shares_the_batch(built: Built) -> None:
    """Weights that are normalised per batch would cancel any weighting by length."""
    generator = torch.Generator().manual_seed(0)
    logits, labels = torch.randn(8, 2, generator=generator), torch.randint(2, (8,), generator=generator)
    lengths = torch.from_numpy(LENGTHS[:8])
    rows = [slice(i, i + 1) for i in range(8)]
    alone = torch.cat([built.loss(logits[row], labels[row], lengths[row]) for row in rows])
    torch.testing.assert_close(built.loss(logits, labels, lengths), alone, msg="a text's loss depends on its batch")


def a_loss_needs_training_lengths(built: Built) -> None:
    """Without training texts the constructor raises ValueError."""
    try:
        loss_class(built.name)(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), **built.settings)
    except ValueError:
        return
    raise AssertionError("built on no training text, it raises nothing; call super().__init__(lengths, labels) first")


def scikit_learn_s_optimum_is_a_stationary_point_of_the_torch_loss(built: Built) -> None:
    """One definition: the weights handed to scikit-learn and the value handed to torch have the same minimum."""
    if not built.loss.weighting:
        return
    largest = float(gradient_at_optimum(built.loss, built.loss.sample_weight(LENGTHS, LABELS)).abs().max())
    assert largest < 1e-6, f"where `sample_weight` puts the minimum, the torch loss has a gradient of {largest:.1g}"


LOSS_CHECKS: tuple[Callable[[Built], None], ...] = (
    a_loss_is_what_the_registry_says,
    weights_have_mean_one_over_the_training_set,
    a_loss_is_unreduced_and_in_float32,
    a_loss_does_not_depend_on_what_shares_the_batch,
    a_loss_needs_training_lengths,
    scikit_learn_s_optimum_is_a_stationary_point_of_the_torch_loss,
)


def gradient_at_optimum(loss: Loss, weights: FloatArray) -> Tensor:
    """The torch objective's gradient where scikit-learn, given `weights`, finds its minimum; L2 term included."""
    strength = 2.0
    solver = LogisticRegression(C=1 / strength, solver="newton-cg", tol=1e-10, max_iter=1000)
    fitted = solver.fit(SEEN, LABELS, weights)
    coefficients = torch.tensor(fitted.coef_[0], requires_grad=True)
    intercept = torch.tensor(fitted.intercept_[0], requires_grad=True)
    score = torch.from_numpy(SEEN) @ coefficients + intercept
    logits = torch.stack([torch.zeros_like(score), score], dim=1)
    values = loss(logits, torch.from_numpy(LABELS), torch.from_numpy(LENGTHS))
    objective = values.double().mean() + coefficients.square().sum() * strength / (2 * len(LENGTHS))
    return torch.cat([g.reshape(-1) for g in torch.autograd.grad(objective, [coefficients, intercept])])
