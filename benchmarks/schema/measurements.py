"""Raw readings and their conditions: seconds, memory, load, ceilings."""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, model_validator


class Measure(BaseModel):
    """Settings of the inference measurement.

    Attributes:
        rows: test rows scored in each repeat, of all lengths.
        repeats: readings of each of the two batch regimes, taken in turn; the even ones and the odd ones are an A/A
            pair, so that a single one certifies nothing. Beyond the second, none is taken after 1 s of
            readings. Where half of the test rows are as many as `rows` and take more than 1 s, the two halves of the
            pass over them are the readings, if they took about as long.
        single: different texts scored one at a time; the 99th percentile of their seconds needs 299.
        processes: processes that time a cell one after another, `fit` included, in rounds over all cells; an interval
            of a time needs several. Only cells that take a few seconds are timed in more than one. Engines take as many
            turns, but three at most.
        engines: names or globs of the engines that serve each trained network once more, such as `["onnxruntime"]`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rows: PositiveInt = 256
    repeats: PositiveInt = 4
    single: PositiveInt = 300
    processes: PositiveInt = 5
    engines: tuple[str, ...] = ()

    @property
    def settings(self) -> dict[str, int]:
        """Settings that each process uses."""
        return self.model_dump(exclude={"processes", "engines"})


Phase = Literal[
    "fit", "train_steps", "text_to_label", "encoded_to_scores", "single_review", "test_set", "valid_set", "explanations"
]


COLUMNS = ("examples", "tokens", "seconds", "padded_tokens", "padded_squares", "flops", "joules", "spared")
"""Fields of a measurement with a value for each reading."""


class Measurement(BaseModel):
    """Raw readings of the harness's clock; rates are derived when reporting.

    Attributes:
        phase: "fit": one call of `fit`. "train_steps": spans of optimizer steps, warm-up and validation excluded
            (torch models). "text_to_label": encode and score the measured rows. "encoded_to_scores": score alone.
            "single_review": one review at a time, text to label, a reading each. "test_set": the one pass over all
            test rows, text to label, whose predictions are stored. "valid_set": the same of the validation rows,
            unless the training scored them.
            "text_to_label" and "encoded_to_scores" are read in turn, and their even readings against their odd ones are
            an A/A pair: the same work twice, or, of a slow model, halves of the test rows with texts of equal lengths.
        examples, tokens: what each reading covers (for "train_steps" one count per reading).
        seconds: the readings.
        padded_tokens: what was computed, padding counted; empty where a model does not work in padded batches.
        padded_squares: the same with each text's padded length squared, which attention's operations grow with.
        flops: floating-point operations of the matrix products, padding counted, a multiplication and an addition two;
            empty where they are not counted.
        joules: of each reading; empty where no counter could be read, and for short readings.
        spared: of a reading of "fit", seconds for the encoding of texts whose vectors came from a cache; empty: none.
        process: of each reading, the process that took it, numbered from 0; empty: all in process 0.
        of_test_set: whether the readings are the halves of the pass over the test rows, whose seconds "test_set" holds.
    """

    phase: Phase
    examples: list[NonNegativeInt]
    tokens: list[NonNegativeInt]
    seconds: list[Annotated[float, Field(gt=0, allow_inf_nan=False)]]
    padded_tokens: list[NonNegativeInt] = Field(default_factory=list)
    padded_squares: list[NonNegativeInt] = Field(default_factory=list)
    flops: list[NonNegativeInt] = Field(default_factory=list)
    joules: list[Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(default_factory=list)
    spared: list[Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(default_factory=list)
    process: list[NonNegativeInt] = Field(default_factory=list)
    of_test_set: bool = False

    @model_validator(mode="after")
    def _check_counts(self) -> Self:
        readings = len(self.seconds)
        optional = {len(self.tokens), len(self.spared), len(self.process)}
        if len(self.examples) != readings or not optional <= {0, readings}:
            raise ValueError("as many readings as counts of what they cover")
        return self

    @property
    def processes(self) -> list[int]:
        """The process that took each reading."""
        return self.process or [0] * len(self.seconds)

    @property
    def is_part(self) -> bool:
        """Whether another measurement of the cell holds the same seconds."""
        return self.of_test_set or self.phase == "train_steps"

    @property
    def costs(self) -> list[float]:
        """Seconds of each reading, with those that a cache spared: what it costs without the cells that ran before."""
        spared = self.spared or [0.0] * len(self.seconds)
        return [seconds + more for seconds, more in zip(self.seconds, spared, strict=True)]

    def with_spared(self, texts: int, labelled: "Measurement") -> "Measurement":
        """Return a single reading of "fit" with the seconds for the encoding of texts whose vectors came from a cache.

        They are those of as many texts at the median rate of the same process from text to label: which cell is the
        first to encode a text depends on the order of the cells, and no cost should.

        Args:
            texts: those whose vectors came from a cache.
            labelled: "text_to_label" of the same process and model.
        """
        pace = median(seconds / count for seconds, count in zip(labelled.seconds, labelled.examples, strict=True))
        return self.model_copy(update={"spared": [texts * pace]})

    def of_process(self, process: int) -> "Measurement":
        """Return the readings of one process alone, as that of the first."""
        places = [place for place, number in enumerate(self.processes) if number == process]
        columns = {name: getattr(self, name) for name in COLUMNS}
        picked = {name: [column[place] for place in places] for name, column in columns.items() if column}
        return self.model_copy(update={**picked, "process": []})

    def in_all(self, phase: Phase) -> "Measurement":
        """Return the sums over these readings as the one reading of another phase."""
        columns = {name: getattr(self, name) for name in COLUMNS}
        sums = {name: [sum(column)] for name, column in columns.items() if column}
        return self.model_copy(update={**sums, "phase": phase, "process": [], "of_test_set": False})

    def taken_by(self, process: int) -> "Measurement":
        """Return the same readings, attributed to process `process`."""
        return self.model_copy(update={"process": [process] * len(self.seconds)})

    def joined(self, other: "Measurement") -> "Measurement":
        """Return these readings followed by those of another process; columns missing in either are dropped."""
        columns = {name: (getattr(self, name), getattr(other, name)) for name in COLUMNS}
        joined = {name: [*own, *new] if own and new else [] for name, (own, new) in columns.items()}
        return self.model_copy(update={**joined, "process": [*self.processes, *other.processes]})


def joined_by_phase(earlier: Iterable[Measurement], new: Sequence[Measurement], process: int) -> list[Measurement]:
    """Return earlier measurements, each followed by the new readings of its phase, which process `process` took.

    Phases that were not measured earlier come last.
    """
    left = {one.phase: one.taken_by(process) for one in new}
    joined = [one.joined(left.pop(one.phase)) if one.phase in left else one for one in earlier]
    return [*joined, *left.values()]


class Ceiling(BaseModel):
    """Measured maximum rate of a device; stored with the run.

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


class Memory(BaseModel):
    """Memory of the cell's process in bytes.

    Of an interrupted training it is the last process's, and of one on several devices the main one's.

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
    """Other load on the machine while a cell ran, and causes of throttling.

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
