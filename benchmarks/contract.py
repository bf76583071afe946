"""Public entry point: the checks that every model, loss and dataset must pass."""

from benchmarks.registry.loss_contract import LOSS_CHECKS, Built
from benchmarks.registry.model_contract import MODEL_CHECKS, Trained, easy_texts
from benchmarks.registry.source_contract import SOURCE_CHECKS, Read

__all__ = ["LOSS_CHECKS", "MODEL_CHECKS", "SOURCE_CHECKS", "Built", "Read", "Trained", "easy_texts"]
