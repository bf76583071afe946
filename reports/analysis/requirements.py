"""Limits on speed, memory, training time and size, each met, not met, not measured or undecided."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy import stats

from benchmarks.schema.result import CellResult
from reports.analysis.estimates import ALPHA, FloatArray, Interval
from reports.analysis.noise import fit_timing, phase_timing
from reports.analysis.percentiles import percentile, readings_needed, texts_read
from reports.analysis.rate_ratios import PROCESSES_NEEDED, Timing

UNREPEATED = 1.7
"""Factor by which a time from too few processes may be off: the same work differed by 1.4 to 1.7 between processes."""


class Fulfilment(Enum):
    """Whether a requirement is met."""

    MET = "met"
    NOT_MET = "not met"
    NOT_MEASURED = "not measured"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Limits:
    """Limits that a user set; None is no limit.

    Attributes:
        max_p99_ms: 99th percentile of the time for one text alone, text to label, in milliseconds.
        min_throughput: texts a second, text to label, in batches.
        max_memory: peak memory of the process, and of the device, each in bytes.
        max_fit: seconds of one training.
        max_size: of the saved model, in bytes.
    """

    max_p99_ms: float | None = None
    min_throughput: float | None = None
    max_memory: float | None = None
    max_fit: float | None = None
    max_size: float | None = None


@dataclass(frozen=True)
class Asked:
    """A requirement.

    Attributes:
        name: of the quantity.
        unit: of the limit and of measurements.
        limit: the user's; None where they set none.
        at_most: whether the quantity must not exceed the limit, or must reach it.
    """

    name: str
    unit: str
    limit: float | None
    at_most: bool = True


@dataclass(frozen=True)
class Checked:
    """A requirement against its measurement.

    Attributes:
        asked: the requirement.
        value: measured; NaN where it was not.
        interval: 95 %, or as far as too few readings leave it open.
        fulfilment: whether the whole interval is on the right side.
        lacking: readings that would decide; "" where there are enough.
    """

    asked: Asked
    value: float
    interval: Interval
    fulfilment: Fulfilment
    lacking: str = ""


@dataclass(frozen=True)
class Quantity:
    """A measured quantity.

    Attributes:
        value: NaN where it was not measured.
        interval: 95 %, or as far as too few readings leave it open.
        lacking: readings that would narrow it; "" where there are enough.
    """

    value: float
    interval: Interval
    lacking: str = ""


def check(limits: Limits, cells: Sequence[CellResult]) -> tuple[Checked, ...]:
    """Every limit that is set, against the cells of one configuration."""
    memory = limits.max_memory
    on_device = any(cell.memory is not None and cell.memory.device is not None for cell in cells)
    asked = [
        (Asked("p99 latency", "ms", limits.max_p99_ms), _p99),
        (Asked("throughput", "texts/s", limits.min_throughput, at_most=False), throughput),
        (Asked("memory", "bytes", memory), _memory),
        (Asked("device memory", "bytes", memory if on_device else None), _device_memory),
        (Asked("training time", "s", limits.max_fit), fit_seconds),
        (Asked("model size", "bytes", limits.max_size), _size),
    ]
    return tuple(_checked(one, read(cells)) for one, read in asked if one.limit is not None)


def throughput(cells: Sequence[CellResult]) -> Quantity:
    """Texts a second, text to label."""
    return _timed(phase_timing(cells, "text_to_label"))


def fit_seconds(cells: Sequence[CellResult]) -> Quantity:
    """Seconds of one training."""
    return _timed(fit_timing(cells))


def _checked(asked: Asked, found: Quantity) -> Checked:
    (low, high), limit, at_most = found.interval, asked.limit or 0.0, asked.at_most
    if np.isnan(found.value):
        fulfilment = Fulfilment.NOT_MEASURED
    elif high <= limit if at_most else low >= limit:
        fulfilment = Fulfilment.MET
    elif low > limit if at_most else high < limit:
        fulfilment = Fulfilment.NOT_MET
    else:
        fulfilment = Fulfilment.UNDECIDED
    lacking = found.lacking if fulfilment is Fulfilment.UNDECIDED else ""
    return Checked(asked, found.value, found.interval, fulfilment, lacking)


def _timed(timing: Timing) -> Quantity:
    """The geometric mean over processes with Student's interval; with too few processes the range, widened."""
    if not timing.processes:
        return Quantity(np.nan, Interval(np.nan, np.nan))
    if not timing.repeated:
        low, high = timing.range
        lacking = f"timed in {timing.processes} of the {PROCESSES_NEEDED} processes that an interval needs"
        return Quantity(timing.median, Interval(low / UNREPEATED, high * UNREPEATED), lacking)
    mean = timing.mean
    reach = float(stats.t.isf(ALPHA / 2, mean.degrees)) * mean.error
    interval = Interval(float(np.exp(mean.value - reach)), float(np.exp(mean.value + reach)))
    return Quantity(float(np.exp(mean.value)), interval)


def _p99(cells: Sequence[CellResult]) -> Quantity:
    """Between the order statistics that hold the percentile, each with an error of 5 %."""
    alone = [found for cell in cells if (found := cell.measurement("single_review"))]
    readings = 1000 * np.array([seconds for own in alone for seconds in own.seconds], dtype=np.float64)
    if not len(readings):
        return Quantity(np.nan, Interval(np.nan, np.nan))
    tail = percentile(readings, 0.99, texts_read(alone))
    high = np.inf if np.isnan(tail.bound) else tail.bound
    needed = readings_needed(0.99)
    lacking = f"{tail.readings} of the {needed} readings that a bound needs" if tail.readings < needed else ""
    return Quantity(tail.sample, Interval(_lower(readings, 0.99, tail.readings), high), lacking)


def _lower(readings: FloatArray, share: float, texts: int) -> float:
    """The reading that is above the true percentile with a probability of 5 % at most; see `percentile`."""
    rank = int(stats.binom.ppf(ALPHA, texts, share))  # P(Binomial >= rank) >= 95 %
    return float(np.sort(readings)[rank * len(readings) // texts - 1]) if rank > 0 else 0.0


def _memory(cells: Sequence[CellResult]) -> Quantity:
    return _sizes([cell.memory.host for cell in cells if cell.memory])


def _device_memory(cells: Sequence[CellResult]) -> Quantity:
    return _sizes([cell.memory.device for cell in cells if cell.memory and cell.memory.device is not None])


def _size(cells: Sequence[CellResult]) -> Quantity:
    return _sizes([cell.model_bytes for cell in cells if cell.model_bytes is not None])


def _sizes(values: Sequence[int]) -> Quantity:
    """The median, and the range over trainings."""
    if not values:
        return Quantity(np.nan, Interval(np.nan, np.nan))
    return Quantity(float(np.median(values)), Interval(float(min(values)), float(max(values))))
