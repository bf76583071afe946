"""The share of the machine's own ceiling (`benchmarks.measurement.roofline`) that a model reaches."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from benchmarks.schema.measurements import Ceiling
from benchmarks.schema.result import CellResult
from reports.analysis.results import Results, machine
from reports.analysis.throughput import Throughput, throughput

IMPOSSIBLE = 1.2
"""Share of a ceiling that no model can have: readings of one machine at rest lie closer."""


@dataclass(frozen=True)
class Shares:
    """The share of the ceiling; NaN without a ceiling."""

    training: float
    scoring: float


@dataclass(frozen=True)
class Limits:
    """The ceilings of a run's cells.

    Attributes:
        results: the run.
        misread: ceilings that cells went far beyond: something else was at work while they were measured.
    """

    results: Results
    misread: tuple[Ceiling, ...]

    def shares(self, cells: Sequence[CellResult], speed: Throughput) -> Shares:
        """Return the shares of cells of one device and precision that have this speed."""
        ceiling = _ceiling(self.results, cells)
        if ceiling is None or ceiling in self.misread:
            return Shares(np.nan, np.nan)
        return _shares(ceiling, cells, speed)

    @property
    def sentence(self) -> str:
        """Why shares are missing; nothing where none is."""
        if not self.misread:
            return ""
        which = ", ".join(f"{ceiling.device} in {ceiling.precision}" for ceiling in self.misread)
        return (
            f"Cells computed faster than the matrix product measured ({which}): the machine was held back while it was "
            "measured, and no share of it is given."
        )


@lru_cache(maxsize=1)
def limits(results: Results) -> Limits:
    """Ceilings of a run beside the rates that its cells reached."""
    misread: list[Ceiling] = []
    for cell in results.ok if results.ceilings else ():
        ceiling = _ceiling(results, [cell])
        if ceiling is not None and ceiling not in misread:
            reached = _shares(ceiling, [cell], throughput([cell]))
            if any(share > IMPOSSIBLE for share in (reached.training, reached.scoring)):  # the other may be NaN
                misread.append(ceiling)
    return Limits(results, tuple(misread))


def _ceiling(results: Results, cells: Sequence[CellResult]) -> Ceiling | None:
    """The one of cells of one device and precision; None where it was not measured, or on another machine."""
    here = machine(results.run["environment"])
    if any(machine(cell.environment) != here for cell in cells):
        return None
    spec = cells[0].spec
    return next((c for c in results.ceilings if (c.device, c.precision) == (spec.device, spec.precision)), None)


def _shares(ceiling: Ceiling, cells: Sequence[CellResult], speed: Throughput) -> Shares:
    """A training stands under the ceilings of all its GPUs; processes on the CPU share the one CPU's."""
    spec = cells[0].spec
    shared = spec.devices if spec.device == "cuda" else 1
    best = ceiling.flop_per_second
    return Shares(speed.training_flop_rate / (best * shared), speed.scoring_flop_rate / best)
