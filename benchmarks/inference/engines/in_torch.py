"""The network in torch: as it was trained, and compiled by inductor."""

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.hardware.sharing import keep_threads
from benchmarks.inference.engines.engine import Engine
from benchmarks.inference.engines.served import Batch, Network
from benchmarks.inference.saved import Found
from data.arrays import FloatArray
from models.model import Device, Runtime
from models.neural.torch_classifier import TorchClassifier

WARMUP_SHAPES = ((3, 24), (2, 40), (1, 17))
"""(B, T) for which a compiled network is run once when it is loaded: a batch of one text is a graph of its own."""


class Torch(Engine):
    """The network as it was trained."""

    devices: ClassVar[tuple[Device, ...]] = ("cpu", "cuda")
    precision: ClassVar[str] = ""

    def network(self, found: Found, folder: Path, runtime: Runtime) -> Network:
        """Load the saved network."""
        return _running(_loaded(found, runtime), runtime.device)


class TorchCompile(Torch):
    """The network compiled by inductor for batches of any shape, its weights taken as constants ("freezing")."""

    def why_unavailable(self) -> str:
        """Say that there is no compiler for inductor's code."""
        compiler = os.environ.get("CXX", "g++")
        return "" if shutil.which(compiler) else f"it needs a C++ compiler, and there is no {compiler}: install g++"

    def network(self, found: Found, folder: Path, runtime: Runtime) -> Network:
        """Load and compile the saved network; takes a minute."""
        keep_threads()
        compiled = torch.compile(_loaded(found, runtime), dynamic=True, options={"freezing": True})
        network = _running(compiled, runtime.device)
        for shape in WARMUP_SHAPES:
            ones = np.ones(shape, dtype=np.int64)
            network([(ones, ones)])
        return network


def _loaded(found: Found, runtime: Runtime) -> nn.Module:
    model = found.load(runtime.device, runtime.precision).model
    if not isinstance(model, TorchClassifier):
        raise TypeError(f"{type(model).__name__} has no network")
    return model.network


def _running(network: Callable[[Tensor, Tensor], Tensor], device: Device) -> Network:
    def logits(batch: Batch) -> Tensor:
        ids, mask = (torch.from_numpy(part).to(device) for part in batch)
        return network(ids, mask.bool())

    def run(batches: Sequence[Batch]) -> list[FloatArray]:
        with torch.inference_mode():
            queued = [logits(one) for one in batches]
            return [own.float().cpu().numpy() for own in queued]

    return run
