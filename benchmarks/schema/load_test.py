"""What a served model gave under load: start, batch sizes, and latencies at rates of arriving texts."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt

from benchmarks.schema.measurements import Load

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A part of a load test."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Start(Section):
    """The first seconds of a new process.

    Attributes:
        ready: from the start of the process to the loaded model: interpreter, imports, load.
        load: of it, the load alone.
        first: the first prediction, of one text.
        warm: further predictions of one text each.
    """

    ready: Seconds
    load: Seconds
    first: Seconds
    warm: list[Seconds]


class BatchSize(Section):
    """Batches of one size, text to label, on different texts.

    Attributes:
        texts: in each batch.
        seconds: of each batch.
    """

    texts: PositiveInt
    seconds: list[Seconds]


class Trial(Section):
    """Texts that arrived at random moments at one rate, whether or not earlier ones were answered.

    Attributes:
        rate: texts a second that arrived, on average.
        texts: answered; a trial ends early once too many were late.
        batches: that they were answered in.
        p50, p99: percentiles of their latencies, from arrival to answer.
        late: share of them that took longer than the limit.
        late_bound: upper 95 % bound of the share in the long run; 1 where the texts are too few for one.
        confirming: whether it is long enough to confirm a rate; the others search.
        kept: whether the limit was kept: by the bound where it is confirming, else by the share.
    """

    rate: Rate
    texts: PositiveInt
    batches: PositiveInt
    p50: Seconds
    p99: Seconds
    late: Share
    late_bound: Share
    confirming: bool
    kept: bool


class LoadTest(Section):
    """A load test of one model in one engine.

    Attributes:
        cell: id of the cell.
        engine: that served it; "" is the model's own code.
        slo_ms: limit of the 99th percentile, in milliseconds.
        texts: different ones, that were drawn from.
        trials: in the order in which they ran.
        seed: of the arrivals.
        environment: machine and software.
        load: of the machine meanwhile; None in a test made before it was kept.
    """

    schema_version: Literal[2] = 2
    cell: str
    engine: str
    precision: str
    slo_ms: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    texts: PositiveInt
    start: Start
    sweep: list[BatchSize]
    trials: list[Trial]
    seed: NonNegativeInt = 0
    environment: dict[str, Any]
    load: Load | None = None

    @property
    def highest_rate(self) -> float | None:
        """The highest rate at which a confirming trial kept the limit; None where none did."""
        return max((trial.rate for trial in self.trials if trial.confirming and trial.kept), default=None)
