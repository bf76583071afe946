"""The engines of a network take turns with torch; what is measured stays, and a failure costs no other a reading."""

import pytest

from benchmarks.cells.serving import build, serve, serve_again
from benchmarks.errors import UsageError
from benchmarks.runs import engines
from benchmarks.runs.engines import TURNS, measure_engines
from benchmarks.schema.engines import EngineResult
from benchmarks.schema.measurements import Measurement

RATE = {"torch": 100.0, "torch_compile": 200.0, "onnxruntime": 50.0}


class Machine:
    """Stands for new processes: takes the turns without any engine, and keeps their order."""

    def __init__(self):
        self.taken, self.failing = [], set()

    def in_new_process(self, run, log, work, spec, store, name, *arguments):
        if work is build:
            return 1
        turn = arguments[-1]
        self.taken.append((turn, name))
        if (turn, name) in self.failing:
            raise UsageError("there is no room")
        reading = Measurement(phase="text_to_label", examples=[100], tokens=[], seconds=[100 / RATE[name]])
        new = reading.taken_by(turn)
        if work is serve:
            result = EngineResult(
                cell=spec.id, engine=name, address="a", model="m", measurements=[new], rows=40, same_class=40
            )
        else:
            assert work is serve_again
            earlier = store.read_engine(spec.id, name)
            result = earlier.model_copy(update={"measurements": [earlier.measurements[0].joined(new)]})
        store.write_engine(result)
        return result

    @property
    def turns(self):
        """Number of a turn -> engines in their order."""
        return {turn: [name for number, name in self.taken if number == turn] for turn, _ in self.taken}


class Lines(list):
    say = list.append


@pytest.fixture
def cell(trained_network):
    spec, store = trained_network
    yield trained_network
    for path in store.engine_folder(spec.id).glob("*"):
        path.unlink()


@pytest.fixture
def machine(monkeypatch):
    machine = Machine()
    monkeypatch.setattr(engines, "in_new_process", machine.in_new_process)
    monkeypatch.setattr(engines, "address", lambda *facts: "a")
    return machine


def turns_of(store, spec, name):
    return list(store.read_engine(spec.id, name).rates_by_turn)


def test_engines_take_turns_in_alternating_order(cell, machine):
    spec, store = cell
    lines = Lines()
    measure_engines([spec], ["torch_compile", "onnxruntime"], store, lines)
    order = ["torch", "torch_compile", "onnxruntime"]
    assert machine.turns == {0: order, 1: order[::-1], 2: order}
    assert TURNS == 3
    assert lines[1] == f"{spec.id} in torch_compile, turn 1: 200 texts/s"
    assert lines[-1] == f"{spec.id} in onnxruntime: 50 texts/s, same class on 40 of 40, exact"


def test_an_engine_asked_for_later_takes_turns_with_torch(cell, machine):
    spec, store = cell
    measure_engines([spec], ["torch_compile"], store, Lines())
    machine.taken.clear()
    measure_engines([spec], ["torch_compile", "onnxruntime"], store, Lines())
    pair = ["torch", "onnxruntime"]
    assert machine.turns == {3: pair[::-1], 4: pair, 5: pair[::-1]}
    assert turns_of(store, spec, "torch_compile") == [0, 1, 2]
    assert turns_of(store, spec, "onnxruntime") == [3, 4, 5]
    assert turns_of(store, spec, "torch") == [0, 1, 2, 3, 4, 5]


def test_figures_beside_an_earlier_torch_do_not_count(cell, machine):
    """As after an update of torch: its readings of today stand in no turn with those of the other engine."""
    spec, store = cell
    measure_engines([spec], ["onnxruntime"], store, Lines())
    (store.engine_folder(spec.id) / "torch.json").unlink()
    measure_engines([spec], ["onnxruntime"], store, Lines())
    assert turns_of(store, spec, "torch") == [3, 4, 5]
    assert turns_of(store, spec, "onnxruntime") == [0, 1, 2, 3, 4, 5]


def test_a_failed_turn_leaves_the_earlier_readings_and_is_made_up_for(cell, machine):
    spec, store = cell
    machine.failing = {(1, "onnxruntime")}
    lines = Lines()
    measure_engines([spec], ["torch_compile", "onnxruntime"], store, lines)
    assert f"{spec.id} in onnxruntime, turn 2: failed: UsageError: there is no room" in lines
    assert turns_of(store, spec, "onnxruntime") == [0]
    assert turns_of(store, spec, "torch_compile") == [0, 1, 2]
    measure_engines([spec], ["torch_compile", "onnxruntime"], store, lines)
    assert turns_of(store, spec, "onnxruntime") == [0, 3, 4]
    assert turns_of(store, spec, "torch_compile") == [0, 1, 2]


def test_without_torch_the_others_take_their_turns(cell, machine):
    spec, store = cell
    machine.failing = {(0, "torch")}
    measure_engines([spec], ["onnxruntime"], store, Lines())
    assert store.read_engine(spec.id, "torch").reason == "there is no room"
    assert turns_of(store, spec, "onnxruntime") == [0, 1, 2]


def test_a_cell_timed_in_one_process_has_one_turn(cell, machine):
    spec, store = cell
    once = spec.model_copy(update={"measure": spec.measure.model_copy(update={"processes": 1})})
    measure_engines([once], ["onnxruntime"], store, Lines())
    assert machine.turns == {0: ["torch", "onnxruntime"]}


def test_a_device_that_an_engine_lacks_is_named(cell, machine, monkeypatch):
    spec, store = cell
    lines = Lines()
    monkeypatch.setattr(engines, "_with_networks", lambda specs, store: specs)
    on_gpu = spec.model_copy(update={"device": "cuda"})
    measure_engines([on_gpu], ["onnxruntime"], store, lines)
    assert lines[0].endswith(": onnxruntime does not run on cuda")
    assert {name for _, name in machine.taken} == {"torch"}


def test_engines_are_measured_once_in_new_processes(cell, monkeypatch):
    pytest.importorskip("onnxruntime")
    spec, store = cell
    lines = Lines()
    monkeypatch.setattr(engines, "TURNS", 2)
    measure_engines([spec], ["onnxruntime"], store, lines)
    names = [line.split(": ")[0].rpartition(" in ")[2] for line in lines]
    first = ["torch, turn 1", "onnxruntime, turn 1", "onnxruntime, turn 2", "torch, turn 2"]
    assert names == [*first, "torch", "onnxruntime"]
    kept = {one.engine: one for one in store.engines(spec.id)}
    assert kept["onnxruntime"].exact
    assert kept["onnxruntime"].file_bytes > 0
    assert set(kept["onnxruntime"].rates_by_turn) == {0, 1}
    monkeypatch.setattr(engines, "in_new_process", lambda *arguments: 1 / 0)
    again = Lines()
    measure_engines([spec], ["onnxruntime"], store, again)
    assert again == lines[4:]


def test_a_failed_engine_is_a_row(cell, monkeypatch):
    spec, store = cell
    lines = Lines()

    def fail(*arguments):
        raise UsageError("there is no room")

    monkeypatch.setattr(engines, "in_new_process", fail)
    measure_engines([spec], ["torch"], store, lines)
    assert lines == [f"{spec.id} in torch, turn 1: failed: UsageError: there is no room"]
    assert store.read_engine(spec.id, "torch").reason == "there is no room"
