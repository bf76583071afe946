"""Checkpoints of long trainings, kept in the cell's folder until the cell is done.

A checkpoint is one safetensors file with JSON in its header: it is whole or absent, and nothing in it is unpickled.
"""

import logging
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from benchmarks.errors import first_line
from benchmarks.hardware.environment import environment
from benchmarks.schema.measurements import Measurement
from benchmarks.store.results import Store, WriteError
from models.model import SilentMonitor, TrainingState

log = logging.getLogger(__package__)

RECORD = "record"
"""Entry of the header that holds the JSON."""

SAME = ("processor", "threads", "packages", "accelerator")
"""Facts of the environment that must be the same: elsewhere seconds would not add up, and weights would differ."""


class Follower(SilentMonitor):
    """Monitor for worker ranks: restores checkpoints, never writes them."""

    def __init__(self, checkpoint: "Checkpoint") -> None:
        self._checkpoint = checkpoint

    def restore(self) -> TrainingState | None:
        """Return the last checkpoint of this cell's training; None without one."""
        found = self._checkpoint.read()
        return found[0] if found else None


class Spent(BaseModel):
    """Time that a training took up to a checkpoint.

    Attributes:
        parts: seconds of each part of `fit`, without writing checkpoints; a new part begins at each interruption.
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
    """The checkpoint of one cell.

    Attributes:
        store: the results folder.
        cell_id: the cell.
    """

    store: Store
    cell_id: str

    def write(self, state: TrainingState, spent: Spent) -> None:
        """Replace the checkpoint; on a full disk training continues without it, with a warning in the log."""
        record = _Record(cell=self.cell_id, environment=_environment(), spent=spent, facts=state.facts)
        metadata = {RECORD: record.model_dump_json()}
        try:
            self.store.write_checkpoint(self.cell_id, lambda path: save_file(state.tensors, path, metadata))
        except (WriteError, SafetensorError) as error:
            log.warning("the checkpoint cannot be written (%s); training continues without it", error)

    def read(self) -> tuple[TrainingState, Spent] | None:
        """Return the checkpoint; None without one that this training can continue from, and the log says why."""
        path = self.store.checkpoint_path(self.cell_id)
        if not path.is_file():
            return None
        try:
            with safe_open(path, framework="pt") as file:
                record = _Record.model_validate_json((file.metadata() or {}).get(RECORD, ""))
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (no mapping)
        except (OSError, SafetensorError, ValidationError) as error:
            log.warning("the checkpoint cannot be read (%s); training starts again", first_line(error))
            return None
        if (record.cell, record.environment) != (self.cell_id, _environment()):
            log.warning("the checkpoint is of another cell, machine or version; training starts again")
            return None
        log.info("training continues from the checkpoint of step %s", record.facts.get("done"))
        return TrainingState(tensors, record.facts), record.spent


def _environment() -> dict[str, Any]:
    found = environment()
    return {key: found[key] for key in SAME}
