"""Noise of the measurements: differences between readings of the same work, and other load on the machine.

An A/A pair is the same work timed twice. There are two kinds: within a cell, the even readings against the odd ones,
which were taken in turn, or, of a slow model, the two halves of the test texts, which are of equal lengths; and cells
that differ in seed or loss only, whose batches cost the same. The spreads describe a run; ranks and ratios have
intervals of their own (`reports.analysis.rate_ratios`).
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.schema.measurements import Load, Measurement, Phase
from benchmarks.schema.result import CellResult
from reports import formats
from reports.analysis.estimates import FloatArray
from reports.analysis.rate_ratios import Timing, timing
from reports.analysis.results import Configuration, Results

RANKED: dict[Phase, str] = {
    "train_steps": "training",
    "text_to_label": "text → label",
    "encoded_to_scores": "encoded → scores",
}

BUSY_SHARE = 0.05
"""Of the machine's processor time, taken by others or by the hypervisor: above it, a cell's times are in doubt."""


@dataclass(frozen=True)
class Spread:
    """The spread between readings of the same work, in one regime.

    Attributes:
        pairs: A/A pairs.
        largest, median: of the pairs' faster rate over the slower, less 1.
    """

    pairs: int
    largest: float
    median: float


@dataclass(frozen=True)
class Noise:
    """The noise in a run's throughput.

    Attributes:
        spreads: by regime; a regime without any A/A pair has none.
        busy: cells during which the machine was busy with something else, or held back, and how, worst first.
        cells: how many cells recorded that.
    """

    spreads: Mapping[Phase, Spread]
    busy: tuple[tuple[CellResult, str], ...]
    cells: int

    def doubts(self, cells: Sequence[CellResult]) -> str:
        """The disturbance of one of these cells in words; "" without any."""
        ids = {id(cell) for cell in cells}
        return next((how for cell, how in self.busy if id(cell) in ids), "")

    @property
    def sentence(self) -> str:
        """The finding about the machine."""
        if not self.cells:
            return "What else the machine did was not recorded."
        if not self.busy:
            return f"Nothing else kept the machine busy while the {self.cells} cells ran."
        worst, how = self.busy[0]
        return (
            f"The machine was busy with something else, or held back, during {len(self.busy)} of {self.cells} cells, "
            f"so their times are in doubt. Worst: {how} during {worst.spec.model} × {worst.spec.loss}, "
            f"{worst.spec.train_size:,} training texts, seed {worst.spec.seed}."
        )


def noise(results: Results) -> Noise:
    """The certificate of a run."""
    groups = by_contender([c for c in results.configurations if not c.cells[0].spec.stages])  # they pass on other texts
    spreads = {phase: spread for phase in RANKED if (spread := _spread(phase, groups))}
    recorded = [(cell, cell.load) for cell in results.ok if cell.load]
    busy = [(cell, *disturbance(load)) for cell, load in recorded if disturbance(load)[1]]
    busy.sort(key=lambda entry: entry[1], reverse=True)
    return Noise(spreads, tuple((cell, how) for cell, _, how in busy), len(recorded))


def by_contender(configurations: Sequence[Configuration]) -> list[list[Configuration]]:
    """Configurations of the same model, size, device and precision, whatever their loss: the same work."""
    groups: dict[tuple[str, int, str, str], list[Configuration]] = {}
    for configuration in configurations:
        groups.setdefault(configuration.contender, []).append(configuration)
    return list(groups.values())


def phase_timing(cells: Sequence[CellResult], phase: Phase) -> Timing:
    """The rates of a phase in each process of each cell."""
    return _timing(cells, phase, _rates)


def fit_timing(cells: Sequence[CellResult]) -> Timing:
    """The seconds of `fit` in each process of each cell, with those that a cache spared."""
    return _timing(cells, "fit", lambda measured: np.array(measured.costs))


def _timing(cells: Sequence[CellResult], phase: Phase, of: Callable[[Measurement], FloatArray]) -> Timing:
    timed = [(number, own) for number, cell in enumerate(cells) for own in _by_process(cell, phase)]
    return timing([of(own) for _, own in timed], [number for number, _ in timed])


def _by_process(cell: CellResult, phase: Phase) -> list[Measurement]:
    """The readings of each process that timed a cell."""
    found = cell.measurement(phase)
    if found is None:
        return []
    return [found.of_process(process) for process in sorted(set(found.processes))]


def _spread(phase: Phase, groups: Sequence[Sequence[Configuration]]) -> Spread | None:
    ratios = [max(pair) / min(pair) - 1 for group in groups for pair in _pairs(phase, group)]
    return Spread(len(ratios), max(ratios), float(np.median(ratios))) if ratios else None


def _pairs(phase: Phase, group: Sequence[Configuration]) -> Iterator[tuple[float, float]]:
    """Median rates of the same work, two by two: within each process, and of each two neighbouring ones."""
    cells = [cell for configuration in group for cell in configuration.cells]
    rates = [_rates(own) for cell in cells for own in _by_process(cell, phase)]
    yield from ((float(np.median(r[::2])), float(np.median(r[1::2]))) for r in rates if len(r) > 1)
    yield from itertools.pairwise(float(np.median(r)) for r in rates)


def _rates(measured: Measurement) -> FloatArray:
    """Of each reading. Spans of training hold texts of various lengths: they compare by tokens, padding counted."""
    steps = measured.phase == "train_steps"
    counts = (measured.padded_tokens or measured.tokens or measured.examples) if steps else measured.examples
    return np.array(counts, dtype=np.float64) / np.array(measured.seconds, dtype=np.float64)


def disturbance(load: Load | None) -> tuple[float, str]:
    """The worst disturbance of a measurement, and its description; "" where there was none, or none was recorded."""
    if load is None:
        return 0.0, ""
    causes = [
        (load.others, f"other processes took {formats.percent(load.others)} of its processors' time"),
        (load.stolen, f"the hypervisor kept back {formats.percent(load.stolen)} of its processors' time"),
    ]
    worst, how = max(causes)
    if worst > BUSY_SHARE:
        return worst, how
    if load.throttled_seconds:
        return 0.0, f"a quota kept it waiting for {formats.significant(load.throttled_seconds)} s"
    if load.thermal_throttles:
        return 0.0, f"its processors slowed down for their heat {load.thermal_throttles} times"
    return 0.0, ""
