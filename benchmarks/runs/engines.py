"""The last stage of a run: each trained network served by the engines that were asked for, each in new processes."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Protocol, TypeVar

from benchmarks.cells.serving import address, build, serve, unmeasured
from benchmarks.errors import UsageError, first_line, publishable
from benchmarks.hardware.fork_server import in_new_process
from benchmarks.inference.engines.engine import engine, has_engines
from benchmarks.inference.folder import digest
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.engines import EngineResult
from benchmarks.store.files import open_log
from benchmarks.store.results import DamagedError, Store

REFERENCE = "torch"
"""Engine that is always measured, for the others to be compared with."""

T = TypeVar("T")


class Listener(Protocol):
    """Is told of the engines."""

    def say(self, line: str) -> None:
        """Show a line."""


def measure_engines(specs: Sequence[CellSpec], names: Sequence[str], store: Store, listener: Listener) -> None:
    """Serve every network that was trained with each engine, unless that is measured already.

    Args:
        specs: the planned cells.
        names: of the engines.
        store: the results folder; this process holds its lock.
        listener: is told of each engine.
    """
    if not names:
        return
    for spec in _with_networks(specs, store):
        model = digest(store.cell_folder(spec.id) / "model")
        for name in dict.fromkeys((REFERENCE, *names)):
            if spec.device not in engine(name).devices:
                listener.say(f"{spec.id}: {name} does not run on {spec.device}")
                continue
            result, detail = _measured(spec, store, name, model)
            listener.say(f"{spec.id} in {name}: {detail or outcome(result)}")


def outcome(result: EngineResult) -> str:
    """Say in a few words what an engine gave."""
    if result.status != "ok":
        return f"{result.status}: {result.reason}"
    exact = ", exact" if result.exact else ""
    return f"{result.texts_per_second:,.4g} texts/s, same class on {result.same_class:,} of {result.rows:,}{exact}"


def _with_networks(specs: Sequence[CellSpec], store: Store) -> Iterator[CellSpec]:
    """The cells that count, ended ok and left a network."""
    for spec in specs:
        if spec.role == "result" and has_engines(spec.model) and store.good_result(spec) is not None:
            yield spec


def _measured(spec: CellSpec, store: Store, name: str, model: str) -> tuple[EngineResult, str]:
    """The stored result, where it is of the same address and good, else a new one; and the error of one that failed."""
    try:
        stored = store.read_engine(spec.id, name)
    except DamagedError:
        stored = None
    if stored is not None and stored.status == "ok" and stored.address == address(spec, name, model):
        return stored, ""
    detail = ""
    first = store.read_data(spec.data_fingerprint).test.texts[0]
    try:
        log = store.make_engine_folder(spec.id).absolute() / f"{name}.log"
        log.unlink(missing_ok=True)
        size = in_new_process(_logged, log, build, spec, store, name)
        served = in_new_process(_logged, log, serve, spec, store, name, first)
        result = served.model_copy(update={"file_bytes": size})
    except BrokenProcessPool as error:
        result = _failed(spec, name, model, str(error))
    except Exception as error:  # noqa: BLE001  (one engine that fails must not lose the others)
        detail = f"failed: {type(error).__name__}: {first_line(error)}"
        result = _failed(spec, name, model, str(error) if isinstance(error, UsageError) else publishable(error))
    store.write_engine(result)
    return result, detail


def _failed(spec: CellSpec, name: str, model: str, reason: str) -> EngineResult:
    return unmeasured(spec, name, model).model_copy(update={"status": "failed", "reason": reason})


def _logged(log: Path, work: Callable[..., T], *arguments: object) -> T:
    """Do the work of a new process; libraries print into a log, not into the run's own output."""
    with open_log(log) as file:
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)
    return work(*arguments)
