"""The epochs of a training: their history, the best weights, and the state from which the next one follows."""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from data.arrays import FloatArray, IntArray
from models.model import TrainingState, select
from models.neural.training import Training, below, weights_of
from models.selection import Criterion


@dataclass
class Epochs:
    """The epochs so far, and of the selected one the weights and the validation texts' logits (N, C).

    A training that was resumed has no logits of the epochs before.
    """

    history: list[dict[str, float]] = field(default_factory=list)
    selected: int = 0
    weights: dict[str, Tensor] = field(default_factory=dict)
    valid_logits: Tensor | None = None

    def add(self, entry: dict[str, float], network: nn.Module, valid_logits: Tensor) -> None:
        """Add an epoch, and keep the network's weights and logits if it is the best."""
        self.history.append(entry)
        self.selected = select(self.history)
        if self.newest_is_selected:
            self.weights, self.valid_logits = weights_of(network), valid_logits

    @property
    def newest_is_selected(self) -> bool:
        """Whether the last epoch is the best."""
        return self.selected == len(self.history) - 1

    @property
    def without_gain(self) -> int:
        """Epochs since the last with a better accuracy or log loss on validation."""
        lowest = min(range(len(self.history)), key=lambda i: self.history[i]["valid_loss"])
        return len(self.history) - 1 - max(self.selected, lowest)


def state_of(training: Training, generator: np.random.Generator, past: Epochs) -> TrainingState:
    """The state from which the remaining epochs follow."""
    state = training.state()
    best = {} if past.newest_is_selected else {f"selected.{name}": value for name, value in past.weights.items()}
    facts = {"history": past.history, "selected": past.selected, "generator": generator.bit_generator.state}
    return TrainingState(state.tensors | best, state.facts | facts)


def resumed(state: TrainingState, training: Training, generator: np.random.Generator) -> Epochs:
    """Resume the training that `state` was kept of; return its epochs so far.

    Raises:
        ValueError: it is the state of another training.
    """
    try:
        training.restore(state)
        generator.bit_generator.state = state.facts["generator"]
        past = Epochs(state.facts["history"], state.facts["selected"], below(state.tensors, "selected."))
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ValueError(
            f"the checkpoint is not of this training ({reason}); run again with the option `fresh`"
        ) from None
    if past.newest_is_selected:
        past.weights = weights_of(training.network)
    return past


def judged_by(logits: Tensor, labels: IntArray, criterion: Criterion) -> dict[str, float]:
    """Return the validation entries of a history: log loss (nats) and accuracy, unweighted, and what selects.

    Args:
        logits: (N, C) of the validation texts.
        labels: (N,) their classes.
        criterion: what selects.
    """
    target = torch.from_numpy(labels)
    return {
        "valid_loss": cross_entropy(logits, target).item(),
        "valid_accuracy": (logits.argmax(dim=1) == target).double().mean().item(),
        **criterion.entry(labels, logits.softmax(dim=1).numpy()),
    }


def probabilities(logits: Tensor) -> FloatArray:
    """Return the softmax of logits (N, C), in float64."""
    found: FloatArray = logits.double().softmax(dim=1).numpy()
    return found
