"""What a configuration costs: rates and sizes, derived from the raw readings."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmarks.schema.measurements import Measurement, Phase
from benchmarks.schema.result import CellResult
from reports import formats
from reports.analysis.estimates import FloatArray
from reports.analysis.percentiles import Percentile, percentile

OVERHEAD_SECONDS, OVERHEAD_SHARE = 3.0, 0.05
"""What a cell may spend outside fit, encode and score: the one or the other."""


@dataclass(frozen=True)
class Throughput:
    """Medians over the readings of one or several cells; NaN for what was not measured.

    Attributes:
        fit_seconds: one call of `fit`.
        training_rate: training texts a second, within optimizer steps; torch models only.
        text_to_label_rate: texts a second, encoded and scored.
        encoded_to_scores_rate: texts a second, scored alone.
        training_tokens_rate, scoring_tokens_rate: tokens a second, padding not counted, within optimizer steps and of
            texts scored alone.
        training_padding, scoring_padding: share of real tokens among those computed.
        training_flop_rate, scoring_flop_rate: floating-point operations of matrix products a second, padding counted.
        fit_joules, labelling_joules: energy of one call of `fit`, and for one text from text to label.
        overhead_seconds, overhead_share: what a cell spent outside fit, encode and score, and its share of the cell;
            the largest.
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
    training_tokens_rate: float
    scoring_tokens_rate: float
    training_padding: float
    scoring_padding: float
    training_flop_rate: float
    scoring_flop_rate: float
    fit_joules: float
    labelling_joules: float
    overhead_seconds: float
    overhead_share: float
    single_seconds: tuple[Percentile, Percentile, Percentile]
    host_bytes: float
    host_start_bytes: float
    device_bytes: float
    parameters: float
    model_bytes: float


def throughput(cells: Sequence[CellResult]) -> Throughput:
    """The figures of `cells` together."""
    overheads = [cell.overhead_seconds for cell in cells if cell.overhead_seconds is not None]
    memory = [cell.memory for cell in cells if cell.memory]
    single = _seconds(cells, "single_review")
    return Throughput(
        fit_seconds=_median(_seconds(cells, "fit")),
        training_rate=_median(_rates(cells, "train_steps", "examples")),
        text_to_label_rate=_median(_rates(cells, "text_to_label", "examples")),
        encoded_to_scores_rate=_median(_rates(cells, "encoded_to_scores", "examples")),
        training_tokens_rate=_median(_rates(cells, "train_steps", "tokens")),
        scoring_tokens_rate=_median(_rates(cells, "encoded_to_scores", "tokens")),
        training_padding=_padding(cells, "train_steps"),
        scoring_padding=_padding(cells, "encoded_to_scores"),
        training_flop_rate=_median(_rates(cells, "train_steps", "flops")),
        scoring_flop_rate=_median(_rates(cells, "encoded_to_scores", "flops")),
        fit_joules=_median([j for m in _measured(cells, "fit") for j in m.joules]),
        labelling_joules=_median(
            [j / n for m in _measured(cells, "test_set") if m.joules for j, n in zip(m.joules, m.examples, strict=True)]
        ),
        overhead_seconds=max(overheads, default=np.nan),
        overhead_share=max(
            (cell.overhead_seconds / _cell_seconds(cell) for cell in cells if cell.overhead_seconds is not None),
            default=np.nan,
        ),
        single_seconds=(percentile(single, 0.5), percentile(single, 0.95), percentile(single, 0.99)),
        host_bytes=_median([m.host for m in memory]),
        host_start_bytes=_median([m.host_start for m in memory if m.host_start]),
        device_bytes=_median([m.device for m in memory if m.device is not None]),
        parameters=_median([cell.fit["parameters"] for cell in cells if "parameters" in cell.fit]),
        model_bytes=_median([cell.model_bytes for cell in cells if cell.model_bytes is not None]),
    )


def overhead_sentence(cells: Sequence[CellResult]) -> str:
    """How much of the cells' time was the harness's own."""
    spent = [
        (cell.overhead_seconds, cell.overhead_seconds / _cell_seconds(cell)) for cell in cells if cell.overhead_seconds
    ]
    if not spent:
        return "What the harness itself took was not recorded."
    beyond = sum(seconds > OVERHEAD_SECONDS and share > OVERHEAD_SHARE for seconds, share in spent)
    seconds, share = max(spent)
    return (
        f"Outside fit, encode, score and explanations, {beyond or 'none'} of {len(spent)} cells spent more than "
        f"{OVERHEAD_SECONDS:g} s and {formats.percent(OVERHEAD_SHARE)} of its time; the most was "
        f"{formats.significant(seconds)} s, {formats.percent(share)} of that cell."
    )


def fitting_price(cost: Throughput, price_per_hour: float) -> float:
    """Of one call of `fit`, in the currency of the price of the machine."""
    return cost.fit_seconds / 3600 * price_per_hour


def labelling_price(cost: Throughput, price_per_hour: float) -> float:
    """Of a million texts, from text to label, in the currency of the price of the machine."""
    return 1e6 / cost.text_to_label_rate / 3600 * price_per_hour


def _measured(cells: Sequence[CellResult], phase: Phase) -> list[Measurement]:
    return [m for cell in cells if (m := cell.measurement(phase))]


def _seconds(cells: Sequence[CellResult], phase: Phase) -> FloatArray:
    return np.array([reading for m in _measured(cells, phase) for reading in m.seconds], dtype=np.float64)


def _rates(cells: Sequence[CellResult], phase: Phase, what: Literal["examples", "tokens", "flops"]) -> FloatArray:
    """How much of `what` a second, for each reading that counted it."""
    counted = [(counts, m.seconds) for m in _measured(cells, phase) if (counts := getattr(m, what))]
    return np.array([n / s for counts, seconds in counted for n, s in zip(counts, seconds, strict=True)])


def _padding(cells: Sequence[CellResult], phase: Phase) -> float:
    padded = [m for m in _measured(cells, phase) if m.padded_tokens]
    return sum(sum(m.tokens) for m in padded) / sum(sum(m.padded_tokens) for m in padded) if padded else np.nan


def _cell_seconds(cell: CellResult) -> float:
    """All that the cell took; optimizer steps are part of fit."""
    timed = sum(sum(m.seconds) for m in cell.measurements if m.phase != "train_steps")
    return timed + (cell.overhead_seconds or 0.0)


def _median(values: Sequence[float] | FloatArray) -> float:
    return float(np.median(values)) if len(values) else np.nan
