"""A cell that is interrupted in training goes on from its checkpoint, and ends as if nothing had happened."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from benchmarks.cells import checkpoint, monitor
from benchmarks.cells.checkpoint import Checkpoint, Spent
from benchmarks.cells.run_cell import run_cell
from benchmarks.schema.measurements import Measurement
from models.model import TrainingState

STEPS = 10
"""Of an epoch."""

STATE = TrainingState({"weight": torch.arange(3.0)}, {"done": 7, "random": 2**127 + 1, "rate": 0.1 + 0.2})
SPENT = Spent(parts=[1.5], spans=Measurement(phase="train_steps", examples=[4], tokens=[9], seconds=[0.25]))


@pytest.fixture
def spec(make_spec):
    return make_spec("lstm", epochs=4, min_steps=0, batch_size=4, embedding_width=4, hidden_width=4, patience=None)


@pytest.fixture
def keep_every_epoch(monkeypatch):
    monkeypatch.setattr(monitor, "CHECKPOINT_SECONDS", 0.0)


class InterruptionError(Exception):
    pass


def run(spec, store, last_step=None):
    steps = []

    def progress(done, total):
        steps.append(done)
        if done == last_step:
            raise InterruptionError

    try:
        run_cell(spec, store, progress)
    except InterruptionError:
        assert last_step is not None
    return steps


def trained(store, spec):
    return load_file(store.cell_folder(spec.id) / "model" / "model.safetensors")


def test_an_interrupted_cell_ends_as_an_uninterrupted_one(store, spec, keep_every_epoch):
    """Dropout, the order of the batches and the optimizer's moments included: not a bit differs."""
    run(spec, store)
    whole, expected = store.read_result(spec.id), trained(store, spec)
    (store.cell_folder(spec.id) / "result.json").unlink()
    run(spec, store, last_step=STEPS + 3)
    run(spec, store, last_step=3 * STEPS + 1)
    assert store.checkpoint_path(spec.id).exists()
    assert run(spec, store)[0] == 3 * STEPS + 1
    result = store.read_result(spec.id)
    assert all(torch.equal(tensor, expected[name]) for name, tensor in trained(store, spec).items())
    assert (result.fit, result.metrics) == (whole.fit, whole.metrics)
    assert not store.checkpoint_path(spec.id).exists()


def test_its_seconds_are_those_of_all_parts(store, spec, keep_every_epoch):
    run(spec, store, last_step=2 * STEPS + 3)
    run(spec, store)
    result = store.read_result(spec.id)
    assert len(result.fit_parts) == 2
    assert result.measurement("fit").seconds == [pytest.approx(sum(result.fit_parts))]
    assert result.overhead_seconds > 0
    spans = result.measurement("train_steps")
    assert sum(spans.examples) == (4 * STEPS - 2 * 5) * 4  # every step once, less the warm-up of both parts


def test_a_short_cell_is_not_kept(store, spec):
    run(spec, store, last_step=2 * STEPS + 3)
    assert not store.checkpoint_path(spec.id).exists()
    assert run(spec, store)[0] == 1
    assert store.read_result(spec.id).fit_parts == []


@pytest.fixture
def kept(store, spec):
    Checkpoint(store, spec.id).write(STATE, SPENT)
    return Checkpoint(store, spec.id)


def test_what_is_read_is_what_was_written(kept):
    state, spent = kept.read()
    assert torch.equal(state.tensors["weight"], STATE.tensors["weight"])
    assert (state.facts, spent) == (STATE.facts, SPENT)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-4])


def without_record(path):
    save_file({"weight": torch.zeros(1)}, path)


def of_another_cell(path):
    with checkpoint.safe_open(path, framework="pt") as file:
        record = json.loads(file.metadata()["record"]) | {"cell": "another"}
    save_file({"weight": torch.zeros(1)}, path, {"record": json.dumps(record)})


def pickled(path):
    torch.save({"weight": torch.zeros(1)}, path)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (truncate, "cannot be read"),
        (lambda path: path.write_bytes(b""), "cannot be read"),
        (pickled, "cannot be read"),
        (without_record, "cannot be read"),
        (of_another_cell, "is of another cell, machine or version"),
    ],
)
def test_a_damaged_checkpoint_is_not_gone_on_from(kept, damage, reason, caplog):
    damage(kept.store.checkpoint_path(kept.cell_id))
    assert kept.read() is None
    (line,) = caplog.messages
    assert line.startswith(f"the checkpoint {reason}")
    assert line.endswith("training starts again")


def test_a_checkpoint_of_other_versions_is_not_gone_on_from(kept, monkeypatch):
    found = checkpoint.environment()
    monkeypatch.setattr(checkpoint, "environment", lambda: found | {"packages": {"torch": "1.0"}})
    assert kept.read() is None


def test_one_that_cannot_be_written_leaves_the_one_before(kept, monkeypatch, caplog):
    def full(tensors, path, metadata):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", full)
    kept.write(STATE, SPENT.model_copy(update={"parts": [3.0]}))
    assert "No space left on device" in caplog.text
    assert kept.read()[1].parts == [1.5]
    assert [path.name for path in kept.store.cell_folder(kept.cell_id).iterdir()] == ["checkpoint.safetensors"]
