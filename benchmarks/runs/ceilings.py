"""The most that a run's devices can do, measured before the cells and after them."""

from collections.abc import Callable, Sequence

from benchmarks.runs.preparation import Run
from benchmarks.runs.sweep import Observer
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.measurements import Ceiling
from benchmarks.store.files import StoreError

Measuring = Callable[[Sequence[CellSpec]], list[Ceiling]]
"""Measures the ceilings of the cells' devices."""


def kept_ceilings(run: Run) -> list[Ceiling] | None:
    """Return the ceilings of the previous run if no cell is left to run; else None."""
    try:
        results = (run.store.read_result(spec.id) for spec in run.specs)
        done = (result is not None and result.answers(spec) for result, spec in zip(results, run.specs, strict=True))
        if all(done):
            return [Ceiling.model_validate(ceiling) for ceiling in run.store.read_run().get("ceilings", [])]
    except StoreError:
        pass  # the sweep names what is damaged; the cell runs again
    return None


def measured_ceilings(specs: Sequence[CellSpec], observer: Observer, measure: Measuring | None) -> list[Ceiling]:
    """Measure the ceilings of the cells' devices; none without `measure`."""
    if measure is None or not specs:
        return []
    try:
        return measure(specs)
    except RuntimeError as error:  # no cell is lost for want of a ceiling
        observer.say(f"the device's ceiling could not be measured: {error}")
        return []


def best(before: Sequence[Ceiling], after: Sequence[Ceiling]) -> list[Ceiling]:
    """Return the best readings of each device and precision: other work may have slowed one of them down."""
    found: dict[tuple[str, str], Ceiling] = {}
    for ceiling in (*before, *after):
        other = found.get((ceiling.device, ceiling.precision), ceiling)
        faster = max(ceiling, other, key=lambda reading: reading.flop_per_second)
        copying = max(ceiling.bytes_per_second, other.bytes_per_second)
        found[ceiling.device, ceiling.precision] = faster.model_copy(update={"bytes_per_second": copying})
    return list(found.values())


def as_json(ceilings: Sequence[Ceiling]) -> dict[str, object]:
    """Return the entry of `run.json`."""
    return {"ceilings": [ceiling.model_dump() for ceiling in ceilings]}
