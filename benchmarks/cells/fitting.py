"""The timed training of a cell."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import fsum

from benchmarks.cells.checkpoint import Checkpoint
from benchmarks.cells.monitor import TrainingMonitor
from benchmarks.cells.preparation import Prepared
from benchmarks.measurement.clock import Clock
from benchmarks.measurement.energy import meter
from benchmarks.schema.measurements import Measurement
from models.model import FitReport


@dataclass(frozen=True)
class Fitted:
    """A training and its readings.

    Attributes:
        report: the model's.
        measurement: "fit".
        spans: "train_steps"; without readings for models that take no optimizer steps.
        parts: seconds of each part, see `TrainingMonitor`.
        energy: the source of the joules.
        pruned: whether the training ended early, see `prune_below` of `timed_fit`.
    """

    report: FitReport
    measurement: Measurement
    spans: Measurement
    parts: list[float]
    energy: str
    pruned: bool = False


def timed_fit(
    cell: Prepared,
    clock: Clock,
    progress: Callable[[int, int], None],
    checkpoint: Checkpoint | None = None,
    prune_below: Sequence[float] = (),
) -> Fitted:
    """Train the model: the timed region is exactly one call of `fit`.

    Args:
        cell: its model is fitted afterwards.
        clock: reads the time.
        progress: called with the optimizer steps done and planned.
        checkpoint: where the state of a long training is kept; None keeps none.
        prune_below: the metric of validation after each epoch below which the training ends; none ends it.
    """
    energy = meter(cell.runtime.device, cell.runtime.devices)

    def report_progress(done: int, total: int) -> None:
        energy.sample()
        progress(done, total)

    monitor = TrainingMonitor(clock, report_progress, checkpoint, prune_below)
    data = cell.data
    with energy.measuring() as joules, monitor.fitting():
        report = cell.model.fit(data.train, data.valid, cell.loss, cell.runtime, monitor)
    measurement = Measurement(
        phase="fit",
        examples=[len(data.train)],
        tokens=[],
        seconds=[fsum(monitor.parts)],
        joules=joules if len(monitor.parts) == 1 else [],
    )
    return Fitted(report, measurement, monitor.spans, monitor.parts, energy.source, monitor.pruned)


def with_spared(fit: Measurement, report: FitReport, inference: Sequence[Measurement]) -> Measurement:
    """Return a reading of "fit" with what a cache of vectors spared it, by the other readings of the same process."""
    labelled = next(one for one in inference if one.phase == "text_to_label")
    return fit.with_spared(report.cached_texts, labelled)
