"""A cell of the grid: what is to be run (`CellSpec`) and what came of it (`CellResult`), as they stand on disk."""

import hashlib
import json
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    PositiveInt,
    TypeAdapter,
    model_validator,
)

from benchmarks.published import reason_without_folders
from benchmarks.suite import Measure

SCHEMA_VERSION = 1

SAMPLE_SEED = 0
"""Which rows a training size means: the same ones for every model, loss and seed, so that rows compare."""

Status = Literal["ok", "skipped", "failed", "timeout", "out_of_memory", "crashed", "interrupted"]
Phase = Literal["fit", "train_steps", "text_to_label", "encoded_to_scores", "single_review", "test_set", "explanations"]
Role = Literal["result", "shuffled labels", "repeated"]
Params = dict[str, bool | int | float | str | None]


class CellSpec(BaseModel):
    """One training and its measurement; equal specs mean equal work.

    Attributes:
        dataset: name or path as given, and the columns, label map and splits by which it was read.
        data_fingerprint: sha256 of the prepared splits.
        train_size, valid_size, test_size: rows used of each split.
        model, loss: registry names.
        model_plugin, loss_plugin: where these come from: the sha256 of a plug-in file, or "package==version"; empty
            for what is built in.
        model_params, loss_params: every parameter, defaults included.
        device, precision: what the model runs on, resolved.
        devices: how many of them a training is spread over, a process on each; everything else is done on one.
        code_version: of the code that decides the result.
        measure: how inference is measured.
        role: "result" counts; the others are deep audits of one that does: the same training with shuffled labels,
            which must end at chance, and the same training again, which must end the same.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str
    data_fingerprint: str
    train_size: int
    valid_size: int
    test_size: int
    model: str
    model_params: Params
    loss: str
    loss_params: Params
    seed: int
    device: str
    precision: str
    code_version: str
    measure: Measure = Measure()
    model_plugin: str = ""
    loss_plugin: str = ""
    devices: PositiveInt = 1
    role: Role = "result"

    @property
    def id(self) -> str:
        """A readable name, safe as a folder's, that two different specs never share."""
        # What runs on one device has the id that it had before there could be several.
        content = json.dumps(self.model_dump(exclude={"devices"} if self.devices == 1 else None), sort_keys=True)
        digest = hashlib.sha256(content.encode()).hexdigest()[:10]
        return f"{self.model}-{self.loss}-n{self.train_size}-s{self.seed}-{digest}"

    @property
    def original(self) -> "CellSpec":
        """The cell that counts, of which this one is a deep audit."""
        return self.model_copy(update={"role": "result"})


class Measurement(BaseModel):
    """Raw readings of the harness's clock; rates are derived when reporting.

    Attributes:
        phase: "fit": one call of `fit`. "train_steps": spans of optimizer steps, warm-up and validation excluded
            (torch models). "text_to_label": encode and score the measured rows. "encoded_to_scores": score alone.
            "single_review": one review at a time, text to label, a reading each. "test_set": the one pass over all
            test rows, text to label, whose predictions are stored.
            "text_to_label" and "encoded_to_scores" are read in turn, and their even readings against their odd ones are
            an A/A pair: the same work twice.
        examples, tokens: what each reading covers (for "train_steps" one count per reading).
        seconds: the readings.
        padded_tokens: what was computed, padding counted; empty where a model does not work in padded batches.
        padded_squares: the same with each text's padded length squared, which attention's operations grow with.
        flops: floating-point operations of the matrix products, padding counted, a multiplication and an addition two;
            empty where they are not counted.
        joules: of each reading; empty where no counter could be read, and for short readings.
    """

    phase: Phase
    examples: list[int]
    tokens: list[int]
    seconds: list[Annotated[float, Field(gt=0, allow_inf_nan=False)]]
    padded_tokens: list[int] = Field(default_factory=list)
    padded_squares: list[int] = Field(default_factory=list)
    flops: list[int] = Field(default_factory=list)
    joules: list[float] = Field(default_factory=list)

    @model_validator(mode="after")
    def _check_counts(self) -> Self:
        if len(self.examples) != len(self.seconds) or len(self.tokens) not in {0, len(self.seconds)}:
            raise ValueError("as many readings as counts of what they cover")
        return self


class Ceiling(BaseModel):
    """What a device can do at best, measured on it; stored with the run.

    Attributes:
        flop_per_second: of a large matrix product in that precision, the best of several sizes.
        size: of the square matrices that gave it.
        bytes_per_second: of copying memory, read and written bytes counted.
    """

    device: str
    precision: str
    flop_per_second: float
    size: int
    bytes_per_second: float


class Audit(BaseModel):
    """One check that could have found the result meaningless."""

    name: str
    passed: bool
    reason: str


class Memory(BaseModel):
    """Memory of the cell's process (of the last one, where it was interrupted; of the main one, where several trained),
    in bytes.

    Attributes:
        host: the peak resident memory of the whole process.
        host_start: resident memory when the cell began: the interpreter and the libraries, torch included for every
            model.
        device: the peak of the device's allocator; None on the CPU.
    """

    host: int
    host_start: int = 0
    device: int | None = None


class Load(BaseModel):
    """What else the machine did while a cell ran, and what held it back.

    Attributes:
        load_average: of the last minute, when the cell ended (Unix: processes that run or want to).
        others: share of all processors' time that other processes took.
        stolen: share of it that the hypervisor gave to other machines.
        throttled_seconds: time that the cell's control group was kept waiting by its quota; None where unknown.
        thermal_throttles: times that a processor slowed down for its heat; None where unknown.
    """

    load_average: float
    others: float
    stolen: float
    throttled_seconds: float | None = None
    thermal_throttles: int | None = None


def _checked_fit(fit: dict[str, Any]) -> dict[str, Any]:
    """A FitReport's fields; what a report shows of them are numbers."""
    TypeAdapter(list[dict[str, FiniteFloat]]).validate_python(fit.get("history", []))
    TypeAdapter(FiniteFloat).validate_python(fit.get("parameters", 0))
    return fit


class CellResult(BaseModel):
    """What came of a cell.

    Attributes:
        status: "ok"; "failed": an exception, whose traceback is in the log; "out_of_memory": of the device or the host,
            an exception or the kernel's doing; "timeout"; "crashed": the process ended in any other way; "skipped":
            it would have been of no use; "interrupted": by the user.
        reason: for any status but "ok", one line that says why, without the folders of files it names.
        metrics: accuracy, accuracy_without_leaks, macro_f1, log_loss (nats) on the test rows.
        classes: class names, by index.
        length_edges: the three inner edges (words) of the four length buckets, quartiles of the training lengths;
            bucket 0 is length <= edges[0], bucket 3 is length > edges[2].
        leaked_rows: test row numbers whose text also occurs in train or valid.
        truncation: texts_cut and tokens_cut, shares of the test texts and of their tokens that the model never saw.
        fit: the model's FitReport: parameters, history, selected, converged.
        fit_parts: of a training that was interrupted and went on from a checkpoint, the seconds of each part, each
            but the last up to the state it went on from; their sum is the reading of "fit". Else empty.
        overhead_seconds: what the cell (its last process) spent outside fit, encode, score and explanations.
        load: what else the machine did.
        energy: where joules come from; "not measured" and why.
        environment: machine, versions, threads; equal for all cells of one run on one machine.
    """

    schema_version: int = SCHEMA_VERSION
    spec: CellSpec
    status: Status
    reason: Annotated[str, AfterValidator(reason_without_folders)] = ""
    metrics: dict[str, FiniteFloat] = Field(default_factory=dict)
    classes: list[str] = Field(default_factory=list)
    length_edges: list[FiniteFloat] = Field(default_factory=list)
    leaked_rows: list[int] = Field(default_factory=list)
    fit_parts: list[float] = Field(default_factory=list)
    truncation: dict[str, FiniteFloat] = Field(default_factory=dict)
    fit: Annotated[dict[str, Any], AfterValidator(_checked_fit)] = Field(default_factory=dict)
    measurements: list[Measurement] = Field(default_factory=list)
    memory: Memory | None = None
    model_bytes: int | None = None
    audits: list[Audit] = Field(default_factory=list)
    overhead_seconds: float | None = None
    load: Load | None = None
    energy: str = "not measured"
    environment: dict[str, Any] = Field(default_factory=dict)

    def measurement(self, phase: Phase) -> Measurement | None:
        """The readings of `phase`, if it was measured."""
        return next((m for m in self.measurements if m.phase == phase), None)


class RunData(BaseModel):
    """The data of a run, as `run.json` has it."""

    name: str
    fingerprint: str
    provenance: dict[str, str | int]
    train: int
    valid: int
    test: int
    classes: list[str]


class RunEnvironment(BaseModel):
    """The machine and the software of a run, as `run.json` has it."""

    model_config = ConfigDict(extra="allow")

    processor: str
    cores: int
    memory_bytes: int
    platform: str
    python: str
    packages: dict[str, str]
    threads: int
    accelerator: str | None = None


class RunRecord(BaseModel):
    """What is read of `run.json`; there may be more in it."""

    model_config = ConfigDict(extra="allow")

    suite: str
    description: str = ""
    command: list[str]
    started: str
    planned: list[str]
    dataset: RunData
    device: str
    precision: str
    devices_per_cell: int = 1
    code_version: str
    code_versions: dict[str, str] = {}
    environment: RunEnvironment
    ceilings: list[Ceiling] = []
