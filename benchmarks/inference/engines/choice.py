"""The engine for a saved model: the one asked for, else the fastest exact one that was measured with it here."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.errors import UsageError
from benchmarks.hardware.device import resolve_runtime
from benchmarks.hardware.environment import environment
from benchmarks.inference.engines.engine import engine, has_engines, usable_engine
from benchmarks.inference.folder import digest
from benchmarks.inference.saved import Classifier, Found
from benchmarks.registry.entries import entry
from benchmarks.schema.engines import EngineResult
from benchmarks.store.engines import ENGINES_FOLDER, engine_results
from models.model import Runtime

UNKNOWN_COUNT = 10_000
"""Texts that are assumed where nobody knows how many will come, as from a pipe."""

SAME_MACHINE = ("processor", "threads", "accelerator")
"""Entries of the environment that must be equal for a measured speed to count."""


@dataclass(frozen=True)
class Choice:
    """An engine for a saved model.

    Attributes:
        name: of the engine; "" is the model's own code.
        reason: why this one.
    """

    name: str
    reason: str


def choose(found: Found, asked: str | None, device: str, precision: str, texts: int | None) -> Choice:
    """Choose an engine for a saved model.

    Args:
        found: the saved model.
        asked: the engine that the user names; None takes the one that is ready with so many texts first, of those that
            were measured with this model on this machine, are exact and installed.
        device: "auto", "cpu" or "cuda".
        precision: "auto", "fp32", "bf16" or "fp16".
        texts: how many will be scored; None if that is not known.

    Raises:
        UsageError: the engine that was asked for cannot serve the model.
    """
    model = found.saved.spec.model
    if found.saved.cascade is not None:
        if asked is not None:
            raise UsageError("a cascade runs in the code of its models: name no engine", option="engine", value=asked)
        return Choice("", "its own code")
    if asked is not None:
        chosen = usable_engine(asked, model, runtime_of(found, device, precision).device)
        if chosen.precision and precision not in {"auto", chosen.precision}:
            raise UsageError(f"computes in {chosen.precision} (choices: auto)", option="precision", value=precision)
        return Choice(asked, "as named")
    if precision != "auto" or not has_engines(model):
        return Choice("", "its own code")
    measured = usable(found, runtime_of(found, device, precision))
    exact = [one for one in measured if one.exact]
    if not exact:
        return Choice("", "its own code; no engine was measured with it here")
    count = UNKNOWN_COUNT if texts is None else texts
    best = min(exact, key=lambda one: (one.ready_seconds or 0.0) + count / one.texts_per_second)
    return Choice(
        best.engine,
        f"first to be ready with {count:,} texts of the {len(exact)} exact engines among {len(measured)} measured; "
        f"same class as torch on {best.same_class:,} of {best.rows:,} test texts",
    )


def usable(found: Found, runtime: Runtime) -> list[EngineResult]:
    """Return the results of engines with this very model, on this machine and device, with the installed libraries.

    An engine that computes in the model's precision counts only if it was measured in the one that it would run in.
    """
    cell = found.folder.absolute().parent
    if found.folder.name != "model" or not (cell / "result.json").is_file():
        return []
    results = [one for one in engine_results(cell / ENGINES_FOLDER, cell.name) if one.texts_per_second > 0]
    here = environment()
    model = digest(found.folder) if results else ""
    return [
        one
        for one in results
        if one.model == model
        and one.device == runtime.device
        and one.precision == (engine(one.engine).precision or runtime.precision)
        and all(one.environment.get(name) == here[name] for name in SAME_MACHINE)
        and not engine(one.engine).why_unavailable()
        and one.libraries == engine(one.engine).libraries()
    ]


def load(found: Found, choice: Choice, device: str, precision: str, *, raw: bool = False) -> Classifier:
    """Load a saved model into the chosen engine.

    An engine that was not measured with the model has its files made in a temporary folder.

    Raises:
        UsageError: the model cannot be loaded, or its network not be exported.
    """
    if not choice.name:
        return found.load(device, precision, raw=raw)
    runtime, chosen = runtime_of(found, device, precision), engine(choice.name)
    kept = found.folder.absolute().parent / ENGINES_FOLDER
    if any(one.engine == choice.name for one in usable(found, runtime)):
        return chosen.load(found, kept, runtime, raw=raw)
    with TemporaryDirectory() as folder:
        chosen.build(found, Path(folder), ())
        return chosen.load(found, Path(folder), runtime, raw=raw)


def precision_in(found: Found, choice: Choice, device: str, precision: str) -> str:
    """Return the precision that a saved model computes in with the chosen engine, or in its own code."""
    own = engine(choice.name).precision if choice.name else ""
    return own or runtime_of(found, device, precision).precision


def runtime_of(found: Found, device: str, precision: str) -> Runtime:
    """Return where and how a saved model computes; a model without a network on the CPU."""
    return entry("models", found.saved.spec.model).runtime(resolve_runtime(device, precision))
