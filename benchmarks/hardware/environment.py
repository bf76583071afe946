"""The machine and the software that a figure was measured with."""

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import psutil
import torch

from benchmarks.hardware.processor import processor
from benchmarks.hardware.slots import threads

PACKAGES = (
    "accelerate",
    "datasets",
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy",
    "statsmodels",
    "tokenizers",
    "torch",
    "torchtext",
    "transformers",
)


def environment() -> dict[str, Any]:
    """Describe the machine, the libraries and the processors that this process may use.

    Nothing in it names a person, a host or a folder.
    """
    return {
        "machine": platform.machine(),
        "processor": processor(),
        "cores": psutil.cpu_count(logical=False) or threads(),
        "memory_bytes": psutil.virtual_memory().total,
        "platform": f"{platform.system()} {platform.release()}",
        "python": sys.version.split()[0],
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        "threads": threads(),
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def _version(package: str) -> str | None:
    """Version of an installed package; where there are several, that of the first on the path, which is imported."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
