"""Checks that this machine has everything that a run needs, without running anything."""

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.config.datasets import load_dataset
from benchmarks.config.suite import Data
from benchmarks.errors import UsageError
from benchmarks.hardware.device import resolve_device, resolve_precision
from benchmarks.hardware.environment import environment
from benchmarks.hardware.origin import CHECKOUT, check_origin
from benchmarks.hardware.slots import threads
from benchmarks.registry.entries import entry

LEAST_DISK = 2 * 10**9
"""Free bytes: twice the size of the models and predictions of the quick suite."""


@dataclass(frozen=True)
class Check:
    """A finding about this machine."""

    name: str
    ok: bool
    finding: str


def checks() -> Iterator[Check]:
    """Yield one check after the other."""
    yield _attempt("packages", _packages)
    yield Check("python", sys.version_info >= (3, 11), sys.version.split()[0])
    yield Check("libraries", ok=True, finding=", ".join(f"{n} {v}" for n, v in environment()["packages"].items()))
    yield _attempt("device", _device)
    yield _attempt("packaged data", _packaged_data)
    yield _attempt("packaged weights", _packaged_weights)
    free = shutil.disk_usage(Path.cwd()).free
    yield Check("disk", free > LEAST_DISK, f"{free / 1e9:.1f} GB free (2 GB wanted)")


def _attempt(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, ok=True, finding=look())
    except (UsageError, ValueError) as error:
        return Check(name, ok=False, finding=str(error))


def _packages() -> str:
    check_origin()
    return f"all five from {CHECKOUT}"


def _device() -> str:
    device = resolve_device("auto")
    name = torch.cuda.get_device_name() if device == "cuda" else f"{threads()} processors"
    return f"{device} ({name}), precision {resolve_precision('auto', device)}"


def _packaged_data() -> str:
    dataset = load_dataset(Data())
    return f"{dataset.name}: {len(dataset.train):,} train, {len(dataset.valid):,} valid, {len(dataset.test):,} test"


def _packaged_weights() -> str:
    entry("models", "distilbert").load()().check_ready()
    return "minilm"
