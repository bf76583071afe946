"""The events of a sweep for programs: a line of JSON for each."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, TextIO

from benchmarks.schema.cell import CellSpec
from benchmarks.schema.result import CellResult


class EventLog:
    """Writes each event of a sweep over `specs` to `stream` as it happens; see `sweep.Observer`.

    Every line has `time` (UTC, ISO 8601), `level` (info, warning, error) and `event`; those of a cell also have its id,
    dataset, model, loss, training size, seed and role.
    """

    def __init__(self, stream: TextIO, specs: Sequence[CellSpec]) -> None:
        self._stream = stream
        self._planned = len(specs)
        self._running: set[str] = set()

    def __enter__(self) -> Self:
        self._write("info", "run_started", cells=self._planned)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write("info" if error is None else "error", "run_ended", reason="" if kind is None else kind.__name__)

    def step(self, spec: CellSpec, done: int, total: int) -> None:
        """Write an event when a cell begins; its steps are too many."""
        if spec.id not in self._running:
            self._running.add(spec.id)
            self._write("info", "cell_started", **_facts(spec))

    def ended(self, spec: CellSpec, outcome: str, result: CellResult | None = None) -> None:
        """Write that a cell has ended."""
        self._running.discard(spec.id)
        ended = {} if result is None else {"status": result.status, "metrics": result.metrics}
        good = result is None or result.status == "ok"
        self._write("info" if good else "error", "cell_ended", **_facts(spec), outcome=outcome, **ended)

    def again(self, spec: CellSpec, outcome: str) -> None:
        """Write that a cell has ended, and will run again."""
        self._running.discard(spec.id)
        self._write("warning", "cell_retried", **_facts(spec), outcome=outcome)

    def say(self, line: str) -> None:
        """Write a line about anything else."""
        self._write("warning", "message", message=line)

    def _write(self, level: str, event: str, **facts: Any) -> None:
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        print(json.dumps({"time": moment, "level": level, "event": event, **facts}), file=self._stream, flush=True)


def _facts(spec: CellSpec) -> dict[str, Any]:
    names = ("dataset", "model", "loss", "train_size", "seed", "role")
    return {"cell": spec.id, **{name: getattr(spec, name) for name in names}}
