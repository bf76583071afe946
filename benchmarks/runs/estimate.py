"""Estimate the seconds of a plan's cells from earlier results on the same processor."""

import itertools
import logging
import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from benchmarks.schema.cell import CellSpec
from benchmarks.schema.result import CellResult
from benchmarks.store.results import Store, StoreError

log = logging.getLogger(__package__)

MOST_RESULTS = 500
"""Earlier results that are read; reading more would take longer than the answer is worth."""


def earlier_results(folder: Path, processor: str) -> list[CellResult]:
    """Read good results of this processor from a results folder and from the folders beside it.

    Args:
        folder: the run's own; it need not exist.
        processor: as `benchmarks.hardware.environment` names it.
    """
    own = folder.absolute()
    others = (path.parent for path in sorted(own.parent.glob("*/run.json")) if path.parent != own)
    stores = (Store(each) for each in (own, *others))
    found = itertools.islice(itertools.chain.from_iterable(map(_readable, stores)), MOST_RESULTS)
    usable = [r for r in found if r.status == "ok" and r.environment.get("processor") == processor]
    log.debug("times are estimated from %d earlier results", len(usable))
    return usable


def seconds_of(specs: Iterable[CellSpec], results: Sequence[CellResult]) -> dict[str, float]:
    """Estimate the seconds of each cell that has a similar earlier result; the others are left out.

    Similar is the same model on the same device in the same precision; the nearest training size counts. The time of
    fit is scaled by the training size and by the epochs, the rest is taken as it was.
    """
    estimates = {}
    for spec in specs:
        similar = [result for result in results if _hardware(result.spec) == _hardware(spec)]
        if similar:
            nearest = min(similar, key=lambda result: _distance(result.spec, spec))
            estimates[spec.id] = _scaled(nearest, spec)
    return estimates


def finished(specs: Iterable[CellSpec], store: Store) -> frozenset[str]:
    """Return the ids of the cells that need no work: they have a good result, measured as wanted."""
    return frozenset(spec.id for spec in specs if _answers(store, spec))


def _answers(store: Store, spec: CellSpec) -> bool:
    try:
        result = store.read_result(spec.id)
    except StoreError:  # damaged or of another version: the run itself says so
        return False
    return result is not None and result.answers(spec)


def _readable(store: Store) -> Iterator[CellResult]:
    """Yield a store's results up to the first one that this program cannot read."""
    with suppress(StoreError):
        yield from store.results()


def _hardware(spec: CellSpec) -> tuple[str, str, str, int]:
    return spec.model, spec.device, spec.precision, spec.devices


def _distance(found: CellSpec, wanted: CellSpec) -> tuple[float, int]:
    """Ratio of the training sizes (log), then the number of parameters that differ."""
    params = wanted.model_params | wanted.loss_params
    differing = sum((found.model_params | found.loss_params).get(name) != value for name, value in params.items())
    return abs(math.log(found.train_size / wanted.train_size)), differing + (found.loss != wanted.loss)


def _scaled(result: CellResult, spec: CellSpec) -> float:
    measured = result.measurement("fit")
    fit = sum(measured.seconds) if measured else 0.0
    rest = sum(sum(m.seconds) for m in result.measurements if m.phase != "fit" and not m.is_part)
    ratio = spec.train_size / result.spec.train_size * _epochs(spec) / _epochs(result.spec)
    return fit * ratio + rest + (result.overhead_seconds or 0.0)


def _epochs(spec: CellSpec) -> float:
    epochs = spec.model_params.get("epochs")
    return float(epochs) if isinstance(epochs, int | float) and epochs > 0 else 1.0
