"""Cascades: each against its last stage alone, and as points of one curve from its first stage to its last.

Thresholds were chosen on validation. Accuracies here are of the test rows, and speeds those of the running cascade.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.schema.cascade import Aim, CascadeRecord
from benchmarks.schema.confidence import tempered
from benchmarks.schema.result import CellResult
from benchmarks.store.results import Store, StoreError
from reports import formats
from reports.analysis.comparisons import Contrast, contrast
from reports.analysis.estimates import ALPHA, FloatArray, Interval
from reports.analysis.evidence import Evidence
from reports.analysis.noise import phase_timing
from reports.analysis.percentiles import Percentile
from reports.analysis.rate_ratios import Ratio, ratio
from reports.analysis.results import Configuration, Results
from reports.analysis.sentences import ends
from reports.analysis.throughput import throughput
from reports.analysis.verdicts import Verdict

CHOSEN_ON = "thresholds chosen on validation, accuracy on test"
CURVE_OF = "computed on validation, at the speed of each stage by itself"
"""What a figure says of the points, and of the curve of `validation_curve`."""

AIMS: dict[Aim, str] = {"cost": "least cost", "accuracy": "highest accuracy"}

POINTS = 50


@dataclass(frozen=True)
class CascadeEvidence:
    """A cascade beside its stages.

    Attributes:
        evidence: of the cascade.
        stages: of each stage alone, the cheapest first.
        aim: that its thresholds were chosen for.
        against_last: accuracy less that of the last stage alone, paired by row.
        passed: share of the test texts that the second, third stage read, the mean over trainings.
        faster: its throughput over that of the last stage alone; None where one was not timed.
        latency: 50th and 99th percentile of the seconds for one text at a time.
        promised: accuracy less that of the last stage alone, on validation, the mean over trainings.
    """

    evidence: Evidence
    stages: tuple[Evidence, ...]
    aim: Aim
    against_last: Contrast
    passed: tuple[float, ...]
    faster: Ratio | None
    latency: tuple[Percentile, Percentile]
    promised: float

    @property
    def configuration(self) -> Configuration:
        """The cascade's configuration."""
        return self.evidence.configuration

    @property
    def interval(self) -> Interval:
        """95 % of the difference to the last stage alone, for this difference by itself."""
        return self.against_last.interval_at(ALPHA)

    @property
    def sentence(self) -> str:
        """Accuracy against the last stage, share passed on, and speed."""
        last = self.stages[-1].configuration.model
        passed = " and ".join(formats.percent(share) for share in self.passed)
        faster = self.faster
        speed = f" It labels {formats.significant(faster.value)} times as fast {ends(faster)}." if faster else ""
        beside = f"its accuracy less that of {last} alone is {formats.between_points(self.interval)} (95 % by itself)"
        if self.against_last.identical:
            beside = f"it makes the {Verdict.SAME.value} as {last} alone"
        return (
            f"{self.configuration.model}, with thresholds for the {AIMS[self.aim]}, passes on {passed} of the test "
            f"texts; {beside} {self.against_last.estimand.claim}.{speed}"
        )


@dataclass(frozen=True)
class CurvePoint:
    """A cascade of two stages at some threshold, on validation.

    Attributes:
        passed: share of the validation texts passed on.
        accuracy: on validation.
        rate: texts per second, computed from the speed of each stage by itself; NaN where one was not timed.
    """

    passed: float
    accuracy: float
    rate: float


def cascades(evidence: Sequence[Evidence]) -> tuple[CascadeEvidence, ...]:
    """Return the cascades among the configurations, with their stages; one whose stages are not there is left out."""
    known = {cell.spec.id: one for one in evidence for cell in one.configuration.cells}
    found = []
    for one in evidence:
        ids = one.configuration.cells[0].spec.stages
        if is_cascade(one.configuration) and all(stage in known for stage in ids):
            found.append(_beside_stages(one, tuple(known[stage] for stage in ids)))
    return tuple(found)


def is_cascade(configuration: Configuration) -> bool:
    """Whether a configuration joins others."""
    return configuration.cells[0].cascade is not None


def curves(found: Sequence[CascadeEvidence]) -> tuple[tuple[Configuration, ...], ...]:
    """Return the points that a figure joins: first stage, cascades, last stage; one curve for each pair of these.

    All points are measured; within a curve they run from the fastest to the slowest.
    """
    groups: dict[tuple[str, str], list[CascadeEvidence]] = {}
    for one in found:
        ends = one.stages[0].configuration.key, one.stages[-1].configuration.key
        groups.setdefault(ends, []).append(one)
    return tuple(
        (
            own[0].stages[0].configuration,
            *sorted((one.configuration for one in own), key=lambda c: -throughput(c.cells).text_to_label_rate),
            own[0].stages[-1].configuration,
        )
        for own in groups.values()
    )


def validation_curve(results: Results, cascade: CascadeEvidence) -> tuple[CurvePoint, ...]:
    """Return accuracy over the share passed on, of the first training of a cascade of two stages, on validation.

    It is for information and must be labelled with `CURVE_OF`: the points of `cascades` are measured on test.

    Returns:
        From nothing passed on to everything; empty for three stages, or where validation predictions are missing or of
        different texts.
    """
    cell = cascade.configuration.cells[0]
    if cell.cascade is None or len(cell.spec.stages) != 2:
        return ()
    own = {result.spec.id: result for stage in cascade.stages for result in stage.configuration.cells}
    cells = [own[stage] for stage in cell.spec.stages]
    try:
        frames = [Store(results.folder).read_validation(stage.spec.id) for stage in cells]
    except StoreError:
        return ()
    first, last = (_calibrated(stage, frame) for stage, frame in zip(cells, frames, strict=True))
    if not all(np.array_equal(frames[0][name], frames[1][name]) for name in ("row", "label")):
        return ()
    labels = frames[0]["label"].to_numpy(dtype=np.int64)
    answer = last if cell.cascade.chosen.answer == "last" else (first + last) / 2
    order = np.argsort(first.max(axis=1), kind="stable")  # the least sure come first
    before, after = ((own.argmax(axis=1) == labels)[order] for own in (first, answer))
    right = np.concatenate([[0], np.cumsum(after)]) + np.concatenate([np.cumsum(before[::-1])[::-1], [0]])
    rates = [throughput([stage]).text_to_label_rate for stage in cells]
    counts = np.unique(np.linspace(0, len(labels), POINTS + 1).round().astype(np.int64))
    return tuple(
        CurvePoint(
            passed=float(count / len(labels)),
            accuracy=float(right[count] / len(labels)),
            rate=float(1 / (1 / rates[0] + count / len(labels) / rates[1])),
        )
        for count in counts
    )


def _beside_stages(evidence: Evidence, stages: tuple[Evidence, ...]) -> CascadeEvidence:
    cells = evidence.configuration.cells
    records = [cell.cascade for cell in cells if cell.cascade is not None]
    own, alone = (phase_timing(one.configuration.cells, "text_to_label") for one in (evidence, stages[-1]))
    speed = throughput(cells)
    return CascadeEvidence(
        evidence=evidence,
        stages=stages,
        aim=records[0].aim,
        against_last=contrast(evidence, stages[-1]),
        passed=tuple(float(share) for share in np.mean([_shares(record) for record in records], axis=0)[1:]),
        faster=ratio(own, alone) if own.processes and alone.processes else None,
        latency=(speed.single_seconds[0], speed.single_seconds[2]),
        promised=float(np.mean([record.valid_accuracy - record.last_accuracy for record in records])),
    )


def _shares(record: CascadeRecord) -> FloatArray:
    counts = np.array(record.test_rows, dtype=np.float64)
    shares: FloatArray = counts / counts[0]
    return shares


def _calibrated(cell: CellResult, frame: pd.DataFrame) -> FloatArray:
    columns = [f"probability_{index}" for index in range(len(cell.classes))]
    own: FloatArray = frame[columns].to_numpy(dtype=np.float64)
    return own if cell.calibration is None else tempered(own, cell.calibration.temperature)
