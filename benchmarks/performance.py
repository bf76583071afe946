"""What `peers` and `scaling` leave on disk: JSON lines, each a measurement with its machine and its command.

<folder>/peers.jsonl     a PeerRow per contest
<folder>/scaling.jsonl   a ScalingRow per model and size
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from benchmarks.store import StoreError

PEERS_FILE, SCALING_FILE = "peers.jsonl", "scaling.jsonl"


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


R = TypeVar("R", bound=Row)


def read_rows(path: Path, kind: type[R]) -> list[R]:
    """The rows of a file; none where there is no file.

    Raises:
        StoreError: a line is not such a row.
    """
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    try:
        return [kind.model_validate_json(line) for line in lines]
    except ValidationError as error:
        raise StoreError(f"{path.name} holds a line that is no {kind.__name__}: {error.errors()[0]['msg']}") from None


def add_rows(path: Path, kind: type[R], rows: Sequence[R]) -> list[R]:
    """Write `rows` into a file, in place of those of the same identity; every row it now holds."""
    kept: dict[tuple[Any, ...], R] = {row.key: row for row in (*read_rows(path, kind), *rows)}
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, "".join(f"{row.model_dump_json()}\n" for row in kept.values()))
    return list(kept.values())


def commands(rows: Iterable[Row]) -> list[str]:
    """The commands that made the rows, each once, in order."""
    return list(dict.fromkeys(row.command for row in rows))


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
