"""The last stage of a run: each trained network served by the engines that were asked for, each in new processes.

The engines of a network take turns, a process each, so that a slow phase of the machine meets all of them.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from statistics import median
from typing import Protocol, TypeVar

from benchmarks.cells.serving import address, build, serve, serve_again, unmeasured
from benchmarks.errors import UsageError, first_line, publishable
from benchmarks.hardware.fork_server import in_new_process
from benchmarks.inference.engines.engine import engine, has_engines
from benchmarks.inference.folder import digest
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.engines import EngineResult
from benchmarks.store.files import open_log
from benchmarks.store.results import Store

REFERENCE = "torch"
"""Engine that is always measured, for the others to be compared with."""

TURNS = 3
"""Processes that time an engine, if the cell's settings allow as many: so many turns give the ratio of two engines an
interval."""

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
        fit = [name for name in dict.fromkeys((REFERENCE, *names)) if spec.device in engine(name).devices]
        for name in names:
            if name not in fit:
                listener.say(f"{spec.id}: {name} does not run on {spec.device}")
        for name, result in _in_turns(spec, fit, store, listener).items():
            listener.say(f"{spec.id} in {name}: {outcome(result)}")


def _in_turns(spec: CellSpec, names: Sequence[str], store: Store, listener: Listener) -> dict[str, EngineResult]:
    """Measure a network's engines until each has enough turns in common with the reference; return what has figures.

    The reference takes part in every turn, also beside engines that are asked for later.
    """
    model = digest(store.cell_folder(spec.id) / "model")
    left = list(names)
    for _ in range(wanted := min(TURNS, spec.measure.processes)):
        kept = _kept(spec, names, store, model)
        lacking = [name for name in left if len(_turns_that_count(kept, name, beside=REFERENCE in left)) < wanted]
        if not lacking:
            break
        turn = 1 + max((number for one in store.engines(spec.id) for number in one.rates_by_turn), default=-1)
        taking = [name for name in left if name in {REFERENCE, *lacking}]
        for name in taking[::-1] if turn % 2 else taking:
            try:
                rates = _take_turn(spec, store, name, turn, kept.get(name)).rates_by_turn[turn]
                told = f"{median(rates):,.4g} texts/s"
            except Exception as error:  # noqa: BLE001  (one engine that fails must not lose the others)
                told = f"failed: {type(error).__name__}: {first_line(error)}"
                left.remove(name)
                if name not in kept:
                    store.write_engine(_failed(spec, name, model, error))
            listener.say(f"{spec.id} in {name}, turn {turn + 1}: {told}")
    return _kept(spec, names, store, model)


def _turns_that_count(kept: Mapping[str, EngineResult], name: str, *, beside: bool) -> Set[int]:
    """Numbers of the turns that an engine took: with the reference, or alone if that failed and is not `beside` it."""
    own, reference = (kept[one].rates_by_turn.keys() if one in kept else set[int]() for one in (name, REFERENCE))
    return own & reference if beside or reference else own


def outcome(result: EngineResult) -> str:
    """Say in a few words what an engine with figures gave."""
    exact = ", exact" if result.exact else ""
    return f"{result.texts_per_second:,.4g} texts/s, same class on {result.same_class:,} of {result.rows:,}{exact}"


def _with_networks(specs: Sequence[CellSpec], store: Store) -> Iterator[CellSpec]:
    """The cells that count, ended ok and left a network."""
    for spec in specs:
        if spec.role == "result" and has_engines(spec.model) and store.good_result(spec) is not None:
            yield spec


def _kept(spec: CellSpec, names: Sequence[str], store: Store, model: str) -> dict[str, EngineResult]:
    """Name -> stored result, of each engine that has a good one of the same address."""
    found = {one.engine: one for one in store.engines(spec.id) if one.status == "ok"}
    return {name: found[name] for name in names if name in found and found[name].address == address(spec, name, model)}


def _take_turn(spec: CellSpec, store: Store, name: str, turn: int, earlier: EngineResult | None) -> EngineResult:
    """Time an engine in one more process; the first one also builds it, loads it and scores the test set."""
    log = store.make_engine_folder(spec.id).absolute() / f"{name}.log"
    result: EngineResult
    if earlier is not None:
        result = in_new_process(_logged, log, serve_again, spec, store, name, turn)
        return result
    log.unlink(missing_ok=True)
    first = store.read_data(spec.data_fingerprint).test.texts[0]
    size = in_new_process(_logged, log, build, spec, store, name)
    result = in_new_process(_logged, log, serve, spec, store, name, first, turn)
    result = result.model_copy(update={"file_bytes": size})
    store.write_engine(result)
    return result


def _failed(spec: CellSpec, name: str, model: str, error: Exception) -> EngineResult:
    """The row of an engine without figures."""
    reason = str(error) if isinstance(error, (UsageError, BrokenProcessPool)) else publishable(error)
    return unmeasured(spec, name, model).model_copy(update={"status": "failed", "reason": reason})


def _logged(log: Path, work: Callable[..., T], *arguments: object) -> T:
    """Do the work of a new process; libraries print into a log, not into the run's own output."""
    with open_log(log) as file:
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)
    return work(*arguments)
