"""Rounds of timing: interleaved, bounded, and nothing is lost where one fails."""

from contextlib import nullcontext
from functools import partial

import pandas as pd
import pytest

from benchmarks.cells import remeasuring
from benchmarks.cells.run_cell import run_cell
from benchmarks.runs.sweep import sweep
from benchmarks.runs.timing_rounds import timing_rounds
from benchmarks.schema.measurements import Measure
from benchmarks.schema.result import CellResult


class Recorder:
    """An observer that notes what it hears."""

    def __init__(self):
        self.lines, self.outcomes = [], []

    def step(self, spec, done, total):
        pass

    def ended(self, spec, outcome, result=None):
        self.outcomes.append((spec.seed, outcome))

    def again(self, spec, outcome):
        raise AssertionError("nothing crashes")

    def say(self, line):
        self.lines.append(line)


class Here:
    """An executor that runs cells in this process, and notes their seeds; those of `failing` do nothing."""

    def __init__(self, store, work=run_cell, failing=()):
        self.store, self.work, self.failing, self.ran = store, work, failing, []

    def run(self, specs, progress):
        for spec in specs:
            self.ran.append(spec.seed)
            if spec.seed in self.failing:
                yield CellResult(spec=spec, status="failed", reason="ValueError: no")
            else:
                self.work(spec, self.store, partial(progress, spec))
                yield self.store.read_result(spec.id)


def time_once_more(spec, store, progress):
    """Leave a result that another process has timed."""
    earlier = store.read_result(spec.id)
    processes = 1 if earlier is None else earlier.measure.processes + 1
    measure = spec.measure.model_copy(update={"processes": processes})
    predictions = pd.DataFrame({"row": [0], "label": [0], "length": [1], "probability_0": [1.0]})
    store.write_result(CellResult(spec=spec, status="ok", measure=measure, metrics={"accuracy": 0.5}), predictions)


@pytest.fixture
def specs(make_spec):
    return [
        make_spec(seed=seed).model_copy(update={"measure": Measure(rows=4, repeats=1, single=1, processes=processes)})
        for seed, processes in ((1, 3), (2, 1), (3, 3))
    ]


def never():
    return False


def test_a_round_times_every_cheap_cell_in_one_more_process(store, specs):
    executor, observer = Here(store, time_once_more), Recorder()
    for spec in specs:
        time_once_more(spec, store, None)
    timing_rounds(specs, store, executor, observer, never)
    assert executor.ran == [1, 3, 1, 3]  # in turns: drift of the machine meets all alike
    assert [store.read_result(spec.id).measure.processes for spec in specs] == [3, 1, 3]
    assert observer.lines == ["timing 2 cells in further processes, in rounds"]


def test_a_cell_that_cannot_be_timed_again_is_named_and_the_rounds_end(store, specs):
    executor, observer = Here(store, time_once_more, failing={3}), Recorder()
    for spec in specs:
        time_once_more(spec, store, None)
    timing_rounds(specs, store, executor, observer, never)
    assert executor.ran == [1, 3, 1, 3, 3]
    assert (
        observer.lines[-1]
        == f"{specs[2].id}: timed in fewer than 3 processes; the last one ended failed: ValueError: no"
    )
    assert store.read_result(specs[2].id).status == "ok"


def test_no_process_begins_after_the_user_asked_for_an_end(store, specs):
    executor, observer = Here(store, time_once_more), Recorder()
    for spec in specs:
        time_once_more(spec, store, None)
    timing_rounds(specs, store, executor, observer, lambda: len(executor.ran) >= 1)
    assert executor.ran == [1]


def test_a_sweep_ends_with_all_processes_and_one_outcome_for_each_cell(store, specs, monkeypatch):
    monkeypatch.setattr(remeasuring, "REPEATED_SECONDS", 1_000.0)
    executor, observer = Here(store), Recorder()
    outcomes = sweep(specs, store, executor, observer)
    assert (outcomes, outcomes.stopped) == ({"ok": 3}, False)
    assert [seed for seed, _ in observer.outcomes] == [1, 2, 3]
    assert executor.ran == [1, 2, 3, 1, 3, 1, 3]
    assert store.read_result(specs[0].id).measurement("fit").process == [0, 1, 2]


@pytest.mark.parametrize("cell", [3, 5])
def test_a_sweep_says_that_an_end_was_asked_for_when_every_cell_has_ended(store, specs, monkeypatch, cell):
    """In the last cell, and in a round of timing."""
    executor = Here(store, time_once_more)
    asked = nullcontext(lambda: len(executor.ran) >= cell)
    monkeypatch.setattr("benchmarks.runs.sweep.interruptible", lambda notice: asked)
    outcomes = sweep(specs, store, executor, Recorder())
    assert (outcomes, outcomes.stopped, len(executor.ran)) == ({"ok": 3}, True, cell)


def test_a_sweep_that_was_killed_between_rounds_goes_on_with_them(store, specs):
    sweep(specs, store, Here(store, time_once_more), Recorder())
    interrupted = store.read_result(specs[0].id)
    one = interrupted.measure.model_copy(update={"processes": 1})
    store.write_result(interrupted.model_copy(update={"measure": one}))
    executor, observer = Here(store, time_once_more), Recorder()
    sweep(specs, store, executor, observer)
    assert executor.ran == [1, 1]
    assert [outcome for _, outcome in observer.outcomes] == ["already done"] * 3
