"""The result of a cell, as `result.json` holds it."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, FiniteFloat, TypeAdapter, model_validator

from benchmarks.errors import LONGEST_REASON
from benchmarks.redaction import reason_without_folders, shortened
from benchmarks.schema.audits import Audit
from benchmarks.schema.calibration import Calibration
from benchmarks.schema.cascade import CascadeRecord
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.measurements import Load, Measure, Measurement, Memory, Phase
from benchmarks.schema.tuning import Trial

SCHEMA_VERSION = 2
"""Version of every file in a results folder. 2: a cell's id covers class names, rows, groups, external files and
libraries, but neither the name of the data nor how inference is measured."""

Status = Literal["ok", "skipped", "failed", "timeout", "out_of_memory", "crashed", "interrupted"]

HISTORY, NUMBER = TypeAdapter(list[dict[str, FiniteFloat]]), TypeAdapter(FiniteFloat)


def _checked_fit(fit: dict[str, Any]) -> dict[str, Any]:
    """Validate a FitReport's fields: all that a report shows are numbers."""
    HISTORY.validate_python(fit.get("history", []))
    NUMBER.validate_python(fit.get("parameters", 0))
    return fit


def _checked_reason(text: str) -> str:
    """Bring a reason into one line of at most `LONGEST_REASON` characters that names no folder."""
    return shortened(reason_without_folders(text[: 10 * LONGEST_REASON]), LONGEST_REASON)


class CellResult(BaseModel):
    """Result of a cell.

    Attributes:
        status: "ok"; "failed": an exception, whose traceback is in the log; "out_of_memory": of the device or the host,
            an exception or the kernel's doing; "timeout"; "crashed": the process ended in any other way; "skipped":
            it would have been of no use; "interrupted": by the user.
        reason: for any status but "ok", one line that says why; it quotes no text of the data and names no folder.
        detail: of an exception, the first line of its message, which may quote anything: reports do not show it.
        measure: how its measurements were taken. `processes` counts those that have timed the cell; for one that takes
            too long to be timed more than once, it is the spec's.
        metrics: accuracy, accuracy_without_leaks, macro_f1, log_loss (nats) on the test rows.
        calibration: temperature fitted on validation, and how right the model is there; None for deep audits, and for
            results of programs that did not fit it.
        trial: of a trial of tuning, how good it is on validation; a trial has no metrics and no predictions.
        cascade: of a cascade, its thresholds and the texts that each stage read.
        classes: class names, by index.
        length_edges: the three inner edges (words) of the four length buckets, quartiles of the training lengths;
            bucket 0 is length <= edges[0], bucket 3 is length > edges[2].
        leaked_rows: test row numbers whose text also occurs in train or valid.
        truncation: texts_cut and tokens_cut, shares of the test texts and of their tokens that the model never saw.
        fit: the model's FitReport: parameters, history, selected, converged.
        fit_parts: of a training that was interrupted and went on from a checkpoint, the seconds of each part, each
            but the last up to the state it went on from; their sum is the reading of "fit". Else empty.
        overhead_seconds: what the cell (its first process) spent outside fit, encode, score and explanations.
        load: what else the machine did.
        energy: where joules come from; "not measured" and why.
        environment: machine, versions, threads; equal for all cells of one run on one machine.
    """

    schema_version: int = SCHEMA_VERSION
    spec: CellSpec
    status: Status
    reason: Annotated[str, AfterValidator(_checked_reason)] = ""
    detail: Annotated[str, AfterValidator(_checked_reason)] = ""
    measure: Measure | None = None
    metrics: dict[str, FiniteFloat] = Field(default_factory=dict)
    classes: list[str] = Field(default_factory=list)
    length_edges: list[FiniteFloat] = Field(default_factory=list)
    leaked_rows: list[int] = Field(default_factory=list)
    fit_parts: list[float] = Field(default_factory=list)
    truncation: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)
    fit: Annotated[dict[str, Any], AfterValidator(_checked_fit)] = Field(default_factory=dict)
    measurements: list[Measurement] = Field(default_factory=list)
    calibration: Calibration | None = None
    trial: Trial | None = None
    cascade: CascadeRecord | None = None
    memory: Memory | None = None
    model_bytes: int | None = None
    audits: list[Audit] = Field(default_factory=list)
    overhead_seconds: float | None = None
    load: Load | None = None
    energy: str = "not measured"
    environment: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _measured_as_specified(self) -> Self:
        if self.measure is None:
            self.measure = self.spec.measure
        return self

    @model_validator(mode="after")
    def _count_what_a_cache_spared(self) -> Self:
        """Add it to a result of version 0.2.0 or before, which has only the number of texts from the cache."""
        fit, labelled = self.measurement("fit"), self.measurement("text_to_label")
        texts = int(self.fit.get("cached_texts", 0))
        if texts and fit is not None and labelled is not None and not fit.spared and len(fit.seconds) == 1:
            self.measurements = [one.with_spared(texts, labelled) if one is fit else one for one in self.measurements]
        return self

    def answers(self, spec: CellSpec) -> bool:
        """Whether this is a good result of `spec`, measured as it wants, perhaps in too few processes."""
        return self.predicts(spec) and self.measure is not None and self.measure.settings == spec.measure.settings

    def lacks_process(self, spec: CellSpec) -> bool:
        """Whether `spec` wants the cell timed in more processes than have timed it."""
        return self.answers(spec) and self.measure is not None and self.measure.processes < spec.measure.processes

    def predicts(self, spec: CellSpec) -> bool:
        """Whether predictions and saved model are those of `spec`; measurement settings may differ."""
        return self.status == "ok" and self.spec.id == spec.id

    def measurement(self, phase: Phase) -> Measurement | None:
        """The readings of `phase`, if it was measured."""
        return next((m for m in self.measurements if m.phase == phase), None)
