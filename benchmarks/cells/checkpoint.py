"""The state of a long training, in its cell's folder until the cell is done: an interrupted cell goes on from there.

One safetensors file, the JSON in its header: it is whole or absent, and nothing in it is ever unpickled.
"""

import sys
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from benchmarks.hardware.environment import environment
from benchmarks.schema.measurements import Measurement
from benchmarks.store.results import Store, WriteError
from models.model import SilentMonitor, TrainingState

RECORD = "record"
"""The header's entry that holds the JSON."""

SAME = ("processor", "threads", "packages", "accelerator")
"""What has to be as it was: elsewhere the seconds would not add up, and the weights would not be the same."""


class Follower(SilentMonitor):
    """Of a process that helps another one to train: it goes on from where that one does, and keeps nothing itself."""

    def __init__(self, checkpoint: "Checkpoint") -> None:
        self._checkpoint = checkpoint

    def restore(self) -> TrainingState | None:
        """The state kept of this cell's training."""
        found = self._checkpoint.read()
        return found[0] if found else None


class Spent(BaseModel):
    """What a training took up to a checkpoint.

    Attributes:
        parts: seconds of each part of `fit`, writing checkpoints left out; a new part begins where it was interrupted.
        spans: its "train_steps".
    """

    parts: list[float]
    spans: Measurement


class _Record(BaseModel):
    """The JSON of a checkpoint."""

    cell: str
    environment: dict[str, Any]
    spent: Spent
    facts: dict[str, Any]


@dataclass(frozen=True)
class Checkpoint:
    """Where one cell's training is kept."""

    store: Store
    cell_id: str

    def write(self, state: TrainingState, spent: Spent) -> None:
        """Replace what was kept. A disk that cannot take it is no reason to lose the training: the log says so."""
        record = _Record(cell=self.cell_id, environment=_environment(), spent=spent, facts=state.facts)
        metadata = {RECORD: record.model_dump_json()}
        try:
            self.store.write_checkpoint(self.cell_id, lambda path: save_file(state.tensors, path, metadata))
        except (WriteError, SafetensorError) as error:
            _log(f"cannot be written ({error}); training goes on without it")

    def read(self) -> tuple[TrainingState, Spent] | None:
        """What was kept; None, and a line in the log, where it cannot be gone on from."""
        path = self.store.checkpoint_path(self.cell_id)
        if not path.exists():
            return None
        try:
            with safe_open(path, framework="pt") as file:
                record = _Record.model_validate_json((file.metadata() or {}).get(RECORD, ""))
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (no mapping)
        except (OSError, SafetensorError, ValidationError) as error:
            _log(f"cannot be read ({str(error).splitlines()[0]}); training starts anew")
            return None
        if (record.cell, record.environment) != (self.cell_id, _environment()):
            _log("is of another cell, machine or version; training starts anew")
            return None
        _log(f"is of step {record.facts.get('done')}; training goes on from there")
        return TrainingState(tensors, record.facts), record.spent


def _environment() -> dict[str, Any]:
    found = environment()
    return {key: found[key] for key in SAME}


def _log(line: str) -> None:
    print(f"checkpoint: {line}", file=sys.stderr, flush=True)
