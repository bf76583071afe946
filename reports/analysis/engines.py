"""Engines that served a configuration's networks: speed and accuracy beside the network in torch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import geometric_mean, median

import numpy as np

from benchmarks.schema.engines import EngineResult
from benchmarks.schema.result import CellResult
from benchmarks.store.results import Store, StoreError
from reports.analysis.comparisons import contrast
from reports.analysis.contest_ratio import ratio_interval
from reports.analysis.estimates import ALPHA, Interval
from reports.analysis.evidence import Evidence, evidence_of
from reports.analysis.predictions import Predictions
from reports.analysis.results import Configuration, Results

TORCH = "torch"
"""Engine that runs the network as it was trained."""

KEPT_PHASES = frozenset({"fit", "train_steps", "valid_set"})
"""Measurements of a cell that no engine changes."""


@dataclass(frozen=True)
class Served:
    """A configuration in one engine.

    Attributes:
        engine: name of the engine.
        results: of each cell, in the order of the configuration's cells.
        in_torch: those of the engine `TORCH` with the same cells; empty where it has none of one.
        evidence: the engine's predictions; its configuration has cells with the engine's readings and memory.
        torch: the evidence of the network in torch.
    """

    engine: str
    results: tuple[EngineResult, ...]
    in_torch: tuple[EngineResult, ...]
    evidence: Evidence
    torch: Evidence

    @property
    def exact(self) -> bool:
        """Whether the engine names torch's class on every test row of every cell, ties aside."""
        return all(one.exact for one in self.results)

    @property
    def same_class(self) -> tuple[int, int]:
        """Test rows with torch's class, of all test rows, summed over the cells."""
        return sum(one.same_class for one in self.results), sum(one.rows for one in self.results)

    @property
    def difference(self) -> tuple[float, Interval]:
        """Accuracy less that of torch on the same rows, with its 95 % interval."""
        found = contrast(self.evidence, self.torch)
        return found.estimate.value, found.interval_at(ALPHA)

    @property
    def turns(self) -> int:
        """Processes that timed it, summed over the cells."""
        return sum(len(one.rates_by_turn) for one in self.results)

    @property
    def times_torch(self) -> tuple[float, Interval]:
        """Ratio to torch's rate, text to label, within turns: geometric mean over turns with its 95 % interval.

        It is NaN where no turn has both, and the interval where only one has.
        """
        pairs = [
            (median(own[turn]), median(torch[turn]))
            for one, beside in zip(self.results, self.in_torch, strict=False)
            for own, torch in [(one.rates_by_turn, beside.rates_by_turn)]
            for turn in sorted(own.keys() & torch.keys())
        ]
        if not pairs:
            return np.nan, Interval(np.nan, np.nan)
        rates, torch_rates = zip(*pairs, strict=True)
        value = geometric_mean(rate / torch for rate, torch in pairs)
        return value, ratio_interval(torch_rates, rates)

    def median_of(self, name: str) -> float:
        """Median over the cells of a number of `EngineResult`; NaN where none was measured."""
        values = [getattr(one, name) for one in self.results]
        return float(median(value for value in values if value)) if any(values) else np.nan


def served(results: Results, evidence: Sequence[Evidence]) -> tuple[Served, ...]:
    """Return every engine that served all cells of a configuration, configuration by configuration.

    Args:
        results: the results folder.
        evidence: on its configurations.
    """
    store = Store(results.folder)
    return tuple(found for one in evidence for found in _engines_of(one, results, store))


def failures(results: Results) -> tuple[EngineResult, ...]:
    """Return the engines that failed with a cell."""
    store = Store(results.folder)
    cells = [results.cell_id(cell) for cell in results.ok]
    return tuple(one for cell in cells for one in store.engines(cell) if one.status != "ok")


def _engines_of(torch: Evidence, results: Results, store: Store) -> list[Served]:
    configuration = torch.configuration
    by_cell = [{one.engine: one for one in store.engines(results.cell_id(cell))} for cell in configuration.cells]
    complete = [engine for engine in by_cell[0] if all(_is_ok(engines.get(engine)) for engines in by_cell)]
    found = []
    for engine in complete:
        own = tuple(engines[engine] for engines in by_cell)
        beside = tuple(engines[TORCH] for engines in by_cell) if TORCH in complete else ()
        read = [_predictions(results, store, cell, engine) for cell in configuration.cells]
        known = [one for one in read if one is not None]
        if len(known) < len(own):
            continue
        cells = tuple(_as_served(cell, one) for cell, one in zip(configuration.cells, own, strict=True))
        for cell, predictions in zip(cells, known, strict=True):
            results.adopt(cell, f"{results.cell_id(cell)} in {engine}", predictions)
        in_engine = _configuration(configuration, engine, cells, own[0].precision)
        found.append(Served(engine, own, beside, evidence_of(in_engine, known, torch.rows), torch))
    return found


def _is_ok(result: EngineResult | None) -> bool:
    return result is not None and result.status == "ok"


def _configuration(
    configuration: Configuration, engine: str, cells: tuple[CellResult, ...], precision: str
) -> Configuration:
    return replace(
        configuration,
        key=f"{configuration.key} in {engine}",
        model=f"{configuration.model} in {engine}",
        precision=precision,
        cells=cells,
        engine=engine,
    )


def _as_served(cell: CellResult, result: EngineResult) -> CellResult:
    """The cell with the engine's readings of inference, its memory and the size of its files."""
    kept = [one for one in cell.measurements if one.phase in KEPT_PHASES]
    update = {"measurements": [*kept, *result.measurements], "memory": result.memory, "model_bytes": result.file_bytes}
    return cell.model_copy(update=update)


def _predictions(results: Results, store: Store, cell: CellResult, engine: str) -> Predictions | None:
    """The engine's predictions of the cell's test rows; None where they cannot be read or are of other rows."""
    own = results.predictions(cell)
    try:
        frame = store.read_engine_predictions(results.cell_id(cell), engine).sort_values("row", kind="stable")
        columns = [frame[f"probability_{index}"].to_numpy(dtype=np.float64) for index in range(len(cell.classes))]
        same_rows = np.array_equal(frame["row"].to_numpy(dtype=np.int64), own.rows)
    except (StoreError, KeyError, ValueError, TypeError):
        return None
    probabilities = np.column_stack(columns)
    return replace(own, probabilities=probabilities) if same_rows and np.isfinite(probabilities).all() else None
