"""Rows of `peers.jsonl` and `scaling.jsonl`: a measurement with its data, code, machine and command."""

from statistics import geometric_mean
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from benchmarks.schema.measurements import Load


class Row(BaseModel):
    """A measurement.

    Attributes:
        environment: the machine and the software.
        command: the command line that made the row.
        dataset: its name, to show.
        data_fingerprint: sha256 of the prepared splits; empty in a row written before it was kept.
        device: that the model computes on; empty in a row of a machine with a GPU written before it was kept.
        precision: the model's.
        encoder: name of the model's pre-trained encoder, or sha256 of its files; empty for a model without one.
        code: code version of the model.
        status: "failed" where there is a `reason` in place of figures; "void" where the figures decide nothing, for the
            `reason` given.
        load: of the machine while the row was measured; None in a row written before it was kept.
    """

    model_config = ConfigDict(extra="forbid")
    identity: ClassVar[tuple[str, ...]]
    """Names of the fields that identify a row: a later row with the same values replaces an earlier one."""

    environment: dict[str, Any]
    dataset: str
    data_fingerprint: str = ""
    device: str = ""
    precision: str
    encoder: str = ""
    code: str = ""
    command: str
    status: Literal["ok", "void", "failed"] = "ok"
    reason: str = ""
    load: Load | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_older_programs(cls, row: Any) -> Any:
        """Older rows name no device, which was the CPU where there was no other, and hold a ratio of medians."""
        if not isinstance(row, dict):
            return row
        row = {name: value for name, value in row.items() if name != "ratio"}
        alone = "environment" in row and row["environment"].get("accelerator") is None
        return {"device": "cpu"} | row if alone else row

    @property
    def processor(self) -> str:
        """The processor's name."""
        return str(self.environment["processor"])

    @property
    def machine(self) -> tuple[Any, ...]:
        """Processor, accelerator and number of threads; times do not compare across machines."""
        return tuple(self.environment.get(key) for key in ("processor", "accelerator", "threads"))

    @property
    def data(self) -> str:
        """Fingerprint of the data; of a row without one, the name."""
        return self.data_fingerprint or self.dataset

    @property
    def key(self) -> tuple[Any, ...]:
        """The identity's values: a file holds one row of each key."""
        return tuple(getattr(self, name) for name in self.identity)


class PeerRow(Row):
    """One of this suite's models against a peer that does the same work.

    Attributes:
        name, peer: ours, and theirs.
        work: what was timed, in words.
        train_size, test_size: texts.
        seconds, peer_seconds: one reading per repeat, interleaved.
        accuracy, peer_accuracy: on the test texts.
        agreement: share of the test texts on which both name the same class.
        batches, peer_batches: how each groups texts, in words; empty where it does not.
        peer_precision: that the peer computes in; empty in a row written before it was kept.
    """

    identity: ClassVar[tuple[str, ...]] = (
        "name",
        "peer",
        "data",
        "train_size",
        "test_size",
        "device",
        "precision",
        "machine",
        "encoder",
        "code",
    )

    name: str
    peer: str
    work: str
    train_size: int
    test_size: int
    seconds: list[float] = []
    peer_seconds: list[float] = []
    accuracy: float | None = None
    peer_accuracy: float | None = None
    agreement: float | None = None
    batches: str = ""
    peer_precision: str = ""
    peer_batches: str = ""

    @property
    def ratio(self) -> float | None:
        """Return how many times faster ours is: the geometric mean over the turns; None if the contest decides nothing.

        A turn is a reading of ours and the peer's next to it.
        """
        if self.status != "ok" or not self.seconds:
            return None
        turns = zip(self.seconds, self.peer_seconds, strict=True)
        return geometric_mean(theirs / ours for ours, theirs in turns)


class ScalingRow(Row):
    """Fit of a model on `size` texts and scoring of the same texts, in one process of their own.

    Attributes:
        classes: number of classes, where growth with that number was measured at one size; None where the size grew and
            the texts are of all classes.
        made: whether texts were made by joining halves of two reviews, because the data have fewer.
        fit_seconds, score_seconds: text -> fitted model, text -> probabilities.
        memory, memory_start: the most resident memory, and that before the fit with the texts loaded, bytes.
    """

    curve_identity: ClassVar[tuple[str, ...]] = ("model", "data", "device", "precision", "machine", "encoder", "code")
    identity: ClassVar[tuple[str, ...]] = (*curve_identity, "size", "classes")

    model: str
    size: int
    classes: int | None = None
    made: bool
    fit_seconds: float | None = None
    score_seconds: float | None = None
    memory: int | None = None
    memory_start: int | None = None

    @property
    def curve(self) -> tuple[Any, ...]:
        """The identity without what grows: rows of one curve may be read as growth, rows of two may not."""
        own = tuple(getattr(self, name) for name in self.curve_identity)
        return own if self.classes is None else (*own, self.size)
