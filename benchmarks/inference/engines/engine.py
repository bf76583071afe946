"""The contract of an engine, and the choice of one by its name."""

import fnmatch
import hashlib
import importlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from benchmarks.errors import UsageError, unknown
from benchmarks.inference.engines import ENGINES
from benchmarks.inference.engines.served import Network, Served
from benchmarks.inference.export import trace
from benchmarks.inference.folder import digest
from benchmarks.inference.saved import Found
from benchmarks.registry.entries import model_class, require
from models.model import Device, Runtime
from models.neural.torch_classifier import TorchClassifier

CURE = "python -m pip install -c constraints.txt -e '.[engines]'"


class Engine(ABC):
    """A library that runs a trained network.

    Attributes:
        packages: distributions that it needs, beyond torch.
        modules: what is imported of them.
        devices: that it runs on.
        precision: that it computes in; "" is the runtime's.
    """

    packages: ClassVar[tuple[str, ...]] = ()
    modules: ClassVar[tuple[str, ...]] = ()
    devices: ClassVar[tuple[Device, ...]] = ("cpu",)
    precision: ClassVar[str] = "fp32"

    def why_unavailable(self) -> str:
        """Say what is missing on this machine, and the cure; "" where nothing is."""
        missing = [name for name in self.modules if find_spec(name) is None]
        return f"it needs {', '.join(missing)}, which is not installed: {CURE}" if missing else ""

    def libraries(self) -> dict[str, str]:
        """Return library -> installed version."""
        return {name: version(name) for name in ("torch", *self.packages)}

    def build(self, found: Found, folder: Path, texts: Sequence[str]) -> list[Path]:
        """Write the files that `load` reads, unless they are there.

        Args:
            found: the saved model.
            folder: an existing folder, which several engines share; names of files hold the model's digest.
            texts: training texts, to calibrate on.

        Returns:
            These files; none where the engine reads the saved model itself.

        Raises:
            UsageError: the network cannot be exported.
        """
        return []

    @abstractmethod
    def network(self, found: Found, folder: Path, runtime: Runtime) -> Network:
        """Load the network."""

    def load(self, found: Found, folder: Path, runtime: Runtime, *, raw: bool = False) -> Served:
        """Load a saved model, ready to score texts.

        Args:
            found: the saved model.
            folder: where `build` wrote.
            runtime: device, precision and threads.
            raw: whether probabilities are the model's own, not the calibrated ones.

        Raises:
            UsageError: a file is damaged.
        """
        model = tokenizing(found)
        return Served(
            model=model,
            classes=found.saved.classes,
            spec=found.saved.spec,
            calibration=None if raw else found.saved.calibration,
            network=self.network(found, folder, runtime),
            token_budget=model.token_budget[runtime.device],
        )


def engine(name: str) -> Engine:
    """Return the engine of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in ENGINES:
        raise unknown("engine", name, ENGINES)
    module, _, kind = ENGINES[name].partition(":")
    found: Engine = getattr(importlib.import_module(module), kind)()
    return found


def usable_engine(name: str, model: str, device: Device = "cpu") -> Engine:
    """Return an engine that can serve a model on this machine.

    Raises:
        UsageError: there is no such engine, it lacks a library, or the model or the device is none for it.
    """
    chosen = engine(name)
    if not has_engines(model):
        raise UsageError(
            f"{model} has no network for another engine; it runs in its own code (leave the option out)",
            option="engine",
            value=name,
        )
    if reason := chosen.why_unavailable():
        raise UsageError(reason, option="engine", value=name)
    if device not in chosen.devices:
        raise UsageError(f"runs on {' and '.join(chosen.devices)} only", option="engine", value=name)
    return chosen


def engine_names(patterns: Sequence[str]) -> tuple[str, ...]:
    """Return the engines that match names or globs, in the order of the table; a glob leaves out what is not installed.

    Raises:
        UsageError: nothing matches, or a named engine lacks a library.
    """
    found: set[str] = set()
    for pattern in patterns:
        matches = fnmatch.filter(ENGINES, pattern)
        if not matches:
            raise unknown("engine", pattern, ENGINES)
        for name in matches:
            if reason := engine(name).why_unavailable():
                if pattern == name:
                    raise UsageError(reason, option="engines", value=name)
                continue
            found.add(name)
    return tuple(name for name in ENGINES if name in found)


def has_engines(model: str) -> bool:
    """Whether a registered model is a network over token ids, which engines can run; others run in their own code."""
    return issubclass(model_class(model), TorchClassifier)


def exported(found: Found, folder: Path) -> Path:
    """Return the network as ONNX in fp32, which is written into `folder` unless it is there.

    Raises:
        UsageError: torch cannot export the network.
    """
    path = folder / f"{key(found)}.onnx"
    if not path.exists():
        model = found.load("cpu", "fp32").model
        if not isinstance(model, TorchClassifier):
            raise TypeError(f"{type(model).__name__} has no network")
        from benchmarks.store.files import writing

        with writing(path) as temporary:
            trace(model.network, temporary, found.saved.spec.model)
    return path


def key(found: Found) -> str:
    """Return the beginning of the names of files made from a saved model: its digest, so that none outlives it."""
    return hashlib.sha256(digest(found.folder).encode()).hexdigest()[:16]


def tokenizing(found: Found) -> TorchClassifier:
    """Load the tokenizer of a saved network, without the network and its memory.

    Raises:
        UsageError: the model's class is not registered, or the folder does not hold such a model.
    """
    spec = found.saved.spec
    require("models", spec.model, spec.model_plugin)
    model = model_class(spec.model)(**spec.model_params)
    if not isinstance(model, TorchClassifier):
        raise TypeError(f"{spec.model} has no tokens")
    try:
        model.load_vocabulary(found.folder)
    except (OSError, ValueError) as error:
        raise UsageError(f"{str(found.folder)!r} holds no saved {spec.model} model: {error}") from None
    return model
