"""Rates and sizes of a configuration, derived from the raw readings."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Literal

import numpy as np

from benchmarks.schema.measurements import Measurement, Phase
from benchmarks.schema.result import CellResult
from reports import formats
from reports.analysis.estimates import FloatArray
from reports.analysis.percentiles import Percentile, percentile, texts_read

OVERHEAD_SECONDS, OVERHEAD_SHARE = 3.0, 0.05
"""What a cell may spend outside fit, encode and score: the one or the other."""


@dataclass(frozen=True, eq=False)
class Throughput:
    """Medians over the readings of one or several cells, each worked out when it is asked for; NaN if not measured.

    Attributes:
        cells: the cells.
    """

    cells: Sequence[CellResult]

    @cached_property
    def fit_seconds(self) -> float:
        """One call of `fit`, with the encoding of texts whose vectors were read from a cache."""
        return _median([reading for m in _measured(self.cells, "fit") for reading in m.costs])

    @cached_property
    def training_rate(self) -> float:
        """Training texts a second, within optimizer steps; torch models only."""
        return _median(_rates(self.cells, "train_steps", "examples"))

    @cached_property
    def text_to_label_rate(self) -> float:
        """Texts a second, encoded and scored."""
        return _median(_rates(self.cells, "text_to_label", "examples"))

    @cached_property
    def encoded_to_scores_rate(self) -> float:
        """Texts a second, scored alone."""
        return _median(_rates(self.cells, "encoded_to_scores", "examples"))

    @cached_property
    def training_tokens_rate(self) -> float:
        """Tokens a second within optimizer steps, padding not counted."""
        return _median(_rates(self.cells, "train_steps", "tokens"))

    @cached_property
    def scoring_tokens_rate(self) -> float:
        """Tokens a second of texts scored alone, padding not counted."""
        return _median(_rates(self.cells, "encoded_to_scores", "tokens"))

    @cached_property
    def training_padding(self) -> float:
        """Share of real tokens among those computed in training."""
        return _padding(self.cells, "train_steps")

    @cached_property
    def scoring_padding(self) -> float:
        """Share of real tokens among those computed in scoring."""
        return _padding(self.cells, "encoded_to_scores")

    @cached_property
    def training_flop_rate(self) -> float:
        """Floating-point operations of matrix products a second in training, padding counted."""
        return _median(_rates(self.cells, "train_steps", "flops"))

    @cached_property
    def scoring_flop_rate(self) -> float:
        """Floating-point operations of matrix products a second in scoring, padding counted."""
        return _median(_rates(self.cells, "encoded_to_scores", "flops"))

    @cached_property
    def fit_joules(self) -> float:
        """Energy of one call of `fit`."""
        return _median([j for m in _measured(self.cells, "fit") for j in m.joules])

    @cached_property
    def labelling_joules(self) -> float:
        """Energy for one text, from text to label."""
        measured = [m for m in _measured(self.cells, "test_set") if m.joules]
        return _median([j / n for m in measured for j, n in zip(m.joules, m.examples, strict=True)])

    @cached_property
    def overhead_seconds(self) -> float:
        """Seconds that a cell spent outside fit, encode and score; the largest."""
        return max(
            (cell.overhead_seconds for cell in self._overheads if cell.overhead_seconds is not None), default=np.nan
        )

    @cached_property
    def overhead_share(self) -> float:
        """Their share of the cell; the largest."""
        shares = (cell.overhead_seconds / _cell_seconds(cell) for cell in self._overheads if cell.overhead_seconds)
        return max(shares, default=0.0 if self._overheads else np.nan)

    @cached_property
    def single_seconds(self) -> tuple[Percentile, Percentile, Percentile]:
        """50th, 95th and 99th percentile of the seconds for one text at a time, text to label."""
        single = _seconds(self.cells, "single_review")
        texts = texts_read(_measured(self.cells, "single_review"))
        return percentile(single, 0.5, texts), percentile(single, 0.95, texts), percentile(single, 0.99, texts)

    @cached_property
    def host_bytes(self) -> float:
        """Peak memory of the process."""
        return _median([cell.memory.host for cell in self.cells if cell.memory])

    @cached_property
    def host_start_bytes(self) -> float:
        """Memory of the process before the cell began."""
        return _median([cell.memory.host_start for cell in self.cells if cell.memory and cell.memory.host_start])

    @cached_property
    def device_bytes(self) -> float:
        """Peak of the device's allocator."""
        peaks = (cell.memory.device for cell in self.cells if cell.memory)
        return _median([peak for peak in peaks if peak is not None])

    @cached_property
    def parameters(self) -> float:
        """Numbers learnt."""
        return _median([cell.fit["parameters"] for cell in self.cells if "parameters" in cell.fit])

    @cached_property
    def model_bytes(self) -> float:
        """Size of the saved model."""
        return _median([cell.model_bytes for cell in self.cells if cell.model_bytes is not None])

    @property
    def _overheads(self) -> list[CellResult]:
        return [cell for cell in self.cells if cell.overhead_seconds is not None]


def throughput(cells: Sequence[CellResult]) -> Throughput:
    """The figures of `cells` together."""
    return Throughput(cells)


def overhead_sentence(cells: Sequence[CellResult]) -> str:
    """State the harness's share of the cells' time."""
    spent = [
        (cell.overhead_seconds, cell.overhead_seconds / _cell_seconds(cell)) for cell in cells if cell.overhead_seconds
    ]
    if not spent:
        return "What the harness itself took was not recorded."
    beyond = sum(seconds > OVERHEAD_SECONDS and share > OVERHEAD_SHARE for seconds, share in spent)
    seconds, share = max(spent)
    return (
        f"Outside fit, encode, score and explanations, {beyond or 'none'} of {len(spent)} cells spent both more than "
        f"{OVERHEAD_SECONDS:g} s and more than {formats.percent(OVERHEAD_SHARE)} of its time. The longest was "
        f"{formats.significant(seconds)} s, {formats.percent(share)} of its cell's time."
    )


def fitting_price(cost: Throughput, price_per_hour: float) -> float:
    """Price of one call of `fit`, in the currency of the machine's price."""
    return cost.fit_seconds / 3600 * price_per_hour


def labelling_price(cost: Throughput, price_per_hour: float) -> float:
    """Price of a million texts, from text to label, in the currency of the machine's price."""
    return 1e6 / cost.text_to_label_rate / 3600 * price_per_hour


def _measured(cells: Sequence[CellResult], phase: Phase) -> list[Measurement]:
    return [m for cell in cells if (m := cell.measurement(phase))]


def _seconds(cells: Sequence[CellResult], phase: Phase) -> FloatArray:
    return np.array([reading for m in _measured(cells, phase) for reading in m.seconds], dtype=np.float64)


def _rates(cells: Sequence[CellResult], phase: Phase, what: Literal["examples", "tokens", "flops"]) -> list[float]:
    """Rate of `what` per second, for each reading that counted it."""
    counted = [(counts, m.seconds) for m in _measured(cells, phase) if (counts := getattr(m, what))]
    return [n / s for counts, seconds in counted for n, s in zip(counts, seconds, strict=True)]


def _padding(cells: Sequence[CellResult], phase: Phase) -> float:
    padded = [m for m in _measured(cells, phase) if m.padded_tokens]
    return sum(sum(m.tokens) for m in padded) / sum(sum(m.padded_tokens) for m in padded) if padded else np.nan


def _cell_seconds(cell: CellResult) -> float:
    """All that the cell's first process took, whose overhead is known."""
    timed = sum(sum(m.of_process(0).seconds) for m in cell.measurements if not m.is_part)
    return timed + (cell.overhead_seconds or 0.0)


def _median(values: Sequence[float] | FloatArray) -> float:
    return float(median(values)) if len(values) else np.nan  # several times as fast as NumPy's, for a few readings
