"""The epochs of a training: their history, the best weights, and the state from which the next one follows."""

from dataclasses import dataclass, field

import numpy as np
from torch import Tensor, nn

from models.model import TrainingState, select
from models.neural.training import Training, below, weights_of


@dataclass
class Epochs:
    """The epochs so far, and the weights of the selected one."""

    history: list[dict[str, float]] = field(default_factory=list)
    selected: int = 0
    weights: dict[str, Tensor] = field(default_factory=dict)

    def add(self, entry: dict[str, float], network: nn.Module) -> None:
        """Add an epoch, and keep the network's weights if it is the best."""
        self.history.append(entry)
        self.selected = select(self.history)
        if self.newest_is_selected:
            self.weights = weights_of(network)

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
