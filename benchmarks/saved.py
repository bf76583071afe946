"""Public entry point: `load_model`, and the classifier that it returns."""

from benchmarks.inference.saved import Classifier, load_model

__all__ = ["Classifier", "load_model"]
