"""Rows of `peers.jsonl` and `scaling.jsonl`: a measurement, its machine and its command."""

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict


class Row(BaseModel):
    """A measurement.

    Attributes:
        environment: the machine and the software.
        command: what was typed.
        status: "failed" where there is no figure but a `reason`.
    """

    model_config = ConfigDict(extra="forbid")
    identity: ClassVar[tuple[str, ...]]
    """What a later row has in common with the earlier one that it replaces."""

    environment: dict[str, Any]
    command: str
    status: Literal["ok", "failed"] = "ok"
    reason: str = ""

    @property
    def processor(self) -> str:
        """What it was measured on."""
        return str(self.environment["processor"])

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells this row from others of its file."""
        return tuple(getattr(self, name) for name in self.identity)


class PeerRow(Row):
    """One of this suite's models against a peer that does the same work.

    Attributes:
        name, peer: ours, and theirs.
        work: what was timed, in words.
        dataset: its name.
        train_size, test_size: texts.
        precision: of ours.
        seconds, peer_seconds: one reading per repeat, in turns.
        ratio: the peer's median over ours: how many times faster ours is.
        accuracy, peer_accuracy: on the test texts.
        agreement: share of the test texts on which both name the same class.
    """

    identity: ClassVar[tuple[str, ...]] = ("name", "peer", "processor")

    name: str
    peer: str
    work: str
    dataset: str
    train_size: int
    test_size: int
    precision: str
    seconds: list[float] = []
    peer_seconds: list[float] = []
    ratio: float | None = None
    accuracy: float | None = None
    peer_accuracy: float | None = None
    agreement: float | None = None


class ScalingRow(Row):
    """A model fitted on `size` texts, and the same texts scored, in a process of its own.

    Attributes:
        made: whether texts were made by joining halves of two reviews, because there are not so many.
        precision: what the model computed in.
        fit_seconds, score_seconds: text -> fitted model, text -> probabilities.
        memory, memory_start: the most resident memory, and that before the fit with the texts loaded, bytes.
    """

    identity: ClassVar[tuple[str, ...]] = ("model", "size")

    model: str
    dataset: str
    size: int
    made: bool
    precision: str
    fit_seconds: float | None = None
    score_seconds: float | None = None
    memory: int | None = None
    memory_start: int | None = None
