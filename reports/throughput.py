"""What a configuration costs: rates and sizes, derived from the raw readings."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.cell import CellResult, Phase
from reports.results import FloatArray


@dataclass(frozen=True)
class Throughput:
    """Medians over the readings of one or several cells; NaN for what was not measured.

    Attributes:
        fit_seconds: one call of `fit`.
        training_rate: training texts a second, within optimizer steps; torch models only.
        text_to_label_rate: texts a second, encoded and scored.
        encoded_to_scores_rate: texts a second, scored alone.
        single_seconds: 50th, 95th and 99th percentile of the seconds for one text at a time, text to label.
        host_bytes: peak memory of the process.
        host_start_bytes: what of it was there before the cell began.
        device_bytes: peak of the device's allocator.
        parameters: numbers learnt.
        model_bytes: the saved model.
    """

    fit_seconds: float
    training_rate: float
    text_to_label_rate: float
    encoded_to_scores_rate: float
    single_seconds: tuple[float, float, float]
    host_bytes: float
    host_start_bytes: float
    device_bytes: float
    parameters: float
    model_bytes: float


def throughput(cells: Sequence[CellResult]) -> Throughput:
    """The figures of `cells` together."""
    memory = [cell.memory for cell in cells if cell.memory]
    single = _seconds(cells, "single_review")
    p50, p95, p99 = np.percentile(single, [50, 95, 99]) if len(single) else (np.nan, np.nan, np.nan)
    return Throughput(
        fit_seconds=_median(_seconds(cells, "fit")),
        training_rate=_median(_rates(cells, "train_steps")),
        text_to_label_rate=_median(_rates(cells, "text_to_label")),
        encoded_to_scores_rate=_median(_rates(cells, "encoded_to_scores")),
        single_seconds=(float(p50), float(p95), float(p99)),
        host_bytes=_median([m.host for m in memory]),
        host_start_bytes=_median([m.host_start for m in memory if m.host_start]),
        device_bytes=_median([m.device for m in memory if m.device is not None]),
        parameters=_median([cell.fit["parameters"] for cell in cells if "parameters" in cell.fit]),
        model_bytes=_median([cell.model_bytes for cell in cells if cell.model_bytes is not None]),
    )


def _seconds(cells: Sequence[CellResult], phase: Phase) -> FloatArray:
    measured = [m for cell in cells if (m := cell.measurement(phase))]
    return np.array([reading for m in measured for reading in m.seconds], dtype=np.float64)


def _rates(cells: Sequence[CellResult], phase: Phase) -> FloatArray:
    measured = [m for cell in cells if (m := cell.measurement(phase))]
    examples = np.array([examples for m in measured for examples in m.examples], dtype=np.float64)
    return examples / _seconds(cells, phase)


def _median(values: Sequence[float] | FloatArray) -> float:
    return float(np.median(values)) if len(values) else np.nan
