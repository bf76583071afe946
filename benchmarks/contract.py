"""Public entry point: the checks that every model, loss and dataset must pass."""

from benchmarks.registry.contract import LOSS_CHECKS, MODEL_CHECKS, SOURCE_CHECKS, Built, Read, Trained, easy_texts

__all__ = ["LOSS_CHECKS", "MODEL_CHECKS", "SOURCE_CHECKS", "Built", "Read", "Trained", "easy_texts"]
