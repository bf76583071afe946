"""Baseline benchmarks for text classification.

The public interface is:

- the command line, `python -m benchmarks`: its commands, options, exit statuses and the files it writes;
- `benchmarks.run`, its `Result`, `benchmarks.load_model` and its `Classifier`;
- for authors of plug-ins, `models.model`, `losses.loss`, `data.source` and `benchmarks.contract`;
- `benchmarks.errors.UsageError`, raised for wrong arguments and bad input.

Until version 1.0 a minor release may change these; CHANGELOG.md lists each such change under "Breaking". Everything
else may change in any release.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.api.result import Result
    from benchmarks.api.run import run
    from benchmarks.inference.saved import Classifier, load_model

__version__ = "0.2.0"

__all__ = ["Classifier", "Result", "load_model", "run"]

_MODULES = {
    "Classifier": "benchmarks.inference.saved",
    "Result": "benchmarks.api.result",
    "load_model": "benchmarks.inference.saved",
    "run": "benchmarks.api.run",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that the command line answers at once."""
    if name in _MODULES:
        return getattr(importlib.import_module(_MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
