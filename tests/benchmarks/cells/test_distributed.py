"""One cell trained by two processes on the CPU: the same steps, one result, and an end when one of them ends."""

import multiprocessing
import os
import signal
import sys
import time
from functools import partial
from pathlib import Path

import psutil
import pytest
import torch
from safetensors.torch import load_file

from benchmarks.cells.distributed import RankError, _wait_for
from benchmarks.cells.run_cell import run_cell
from benchmarks.executors.faults import describe_exception
from benchmarks.executors.local import LocalExecutor
from benchmarks.executors.select import PRELOAD
from benchmarks.hardware.slots import share
from losses.ce import CrossEntropy
from models.lstm import Lstm
from models.model import Runtime

TINY = {"embedding_width": 4, "hidden_width": 4, "min_steps": 0, "patience": None, "dropout": 0.0, "word_dropout": 0.0}
ENDLESS = {**TINY, "epochs": 100_000}
BATCHES_OF_AN_EPOCH = 4
"""Of 40 rows by 13; the last has a single row, which one of two processes has and the other has not."""


@pytest.fixture
def cells(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1]))
    import cells_of_tests

    yield cells_of_tests
    del sys.modules["cells_of_tests"]


@pytest.fixture
def run(store):
    """Runs a cell as `run` does, on two processors; its result, and the steps it told of."""

    def run(spec, work=run_cell, progress=lambda done, total: None, timeout=600.0):
        steps = []

        def hear(_, done, total):
            if total:
                steps.append((done, total))
                progress(done, total)

        executor = LocalExecutor(store, work, PRELOAD, timeout, slots=share(2))
        (result,) = executor.run([spec], hear)
        assert psutil.wait_procs(processes_of(store, spec), timeout=5)[1] == []
        return result, steps

    return run


def processes_of(store, spec):
    """Those whose output goes to the cell's log: the cell's own, the main one of the training, those that help."""
    log = str(store.cell_folder(spec.id) / "log.txt")
    found = []
    for process in psutil.process_iter():
        try:
            if str(Path(f"/proc/{process.pid}/fd/1").readlink()) == log and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (OSError, psutil.Error):
            continue
    return sorted(found, key=lambda process: process.pid)


def on_two(spec, **changes):
    return spec.model_copy(update={"devices": 2, **changes})


def trained(store, spec):
    return load_file(store.cell_folder(spec.id) / "model" / "model.safetensors")


@pytest.mark.parametrize("loss", ["ce", "length_weighted_ce"])
def test_two_processes_train_as_one_does_and_one_of_them_writes(store, make_spec, run, cells, loss):
    alone = make_spec("lstm", loss=loss, epochs=6, batch_size=13, **TINY)
    together = on_two(alone)
    assert alone.id != together.id
    expected, expected_steps = run(alone)
    result, steps = run(together, cells.run_witnessed)

    assert (expected.status, result.status) == ("ok", "ok"), result.reason
    # By the main process, with both processors, or the one that other processes leave free.
    assert (store.folder / "written.txt").read_text() in {"0 2\n", "0 1\n"}
    assert float((store.folder / "workers.txt").read_text().removeprefix("0 ")) > 0
    seeds = (store.folder / "seeds.txt").read_text().split("\n")[:-1]
    assert sorted(line.split()[0] for line in seeds) == ["0"] * 6 + ["1"] * 6
    assert len({line.split()[1] for line in seeds}) == 12  # what one drops out says nothing of what the other does
    taken = (store.folder / "steps.txt").read_text().split("\n")[:-1]
    assert taken == [f"0 {step} {6 * BATCHES_OF_AN_EPOCH}" for step in range(1, 25)]
    for told in (steps, expected_steps):  # a few a second
        assert told == sorted(set(told))
        assert (told[0], told[-1]) == ((1, 24), (24, 24))
    spans, expected_spans = (one.measurement("train_steps") for one in (result, expected))
    assert (spans.examples, spans.tokens) == (expected_spans.examples, expected_spans.tokens)
    assert sum(spans.examples) > 40  # of whole batches, not of one process's part of them
    for epoch, expected_epoch in zip(result.fit["history"], expected.fit["history"], strict=True):
        assert epoch == pytest.approx(expected_epoch, rel=1e-4)
    weights = trained(store, alone)
    for name, weight in trained(store, together).items():
        torch.testing.assert_close(weight, weights[name], rtol=1e-3, atol=1e-5)
    assert result.metrics == pytest.approx(expected.metrics, rel=1e-3)


def test_with_dropout_accuracy_is_the_same_within_noise(make_spec, run):
    widths = {"embedding_width": 16, "hidden_width": 16}
    alone = make_spec("lstm", **TINY | widths | {"dropout": 0.2, "word_dropout": 0.1, "min_steps": 60})
    accuracies = [run(spec)[0].metrics["accuracy"] for spec in (alone, on_two(alone))]
    assert min(accuracies) > 0.9


def test_the_main_process_decides(store, make_spec, run, cells):
    """And the same training ends the same, to the bit: the deep audit that repeats it says so."""
    spec = on_two(make_spec("lstm", epochs=3, batch_size=13, **TINY | {"word_dropout": 0.5}))
    run(spec)
    result, _ = run(spec.model_copy(update={"role": "repeated"}), cells.helper_astray)
    assert result.status == "ok", result.reason
    assert [audit.passed for audit in result.audits] == [True]
    repeated = trained(store, result.spec)
    assert all(torch.equal(weight, repeated[name]) for name, weight in trained(store, spec).items())


@pytest.mark.parametrize(
    ("work", "status", "reason"),
    [
        ("helper_fails", "failed", "RankError: process 1: ValueError"),
        ("helper_dies", "crashed", "killed by SIGSEGV"),
        ("helper_is_seen_to_die_last", "crashed", "killed by SIGSEGV"),
    ],
)
def test_nothing_waits_for_a_process_that_has_ended(make_spec, run, cells, work, status, reason):
    result, _ = run(on_two(make_spec()), getattr(cells, work), timeout=60.0)
    assert (result.status, result.reason) == (status, reason)


def test_a_process_that_ended_before_the_waiting_began_is_not_waited_for():
    context = multiprocessing.get_context("fork")
    lasting, ended = context.Process(target=time.sleep, args=(20,)), context.Process(target=sys.exit, args=(1,))
    lasting.start()
    ended.start()
    ended.join()
    receiver, sender = multiprocessing.Pipe(duplex=False)
    began = time.monotonic()
    with sender, pytest.raises(RankError, match=r"statuses \[None, 1\]"):
        _wait_for([lasting, ended], receiver)
    assert time.monotonic() - began < 10
    lasting.kill()


@pytest.mark.parametrize("victim", ["the cell's own process", "the main process", "the helper"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_process_that_is_killed_ends_the_cell(store, make_spec, run, victim, number):
    spec = on_two(make_spec("lstm", batch_size=8, **ENDLESS))
    killed = []

    def kill(done, total):
        if not killed:
            processes = processes_of(store, spec)
            assert len(processes) == 3
            index = ["the cell's own process", "the main process", "the helper"].index(victim)
            killed.append(time.monotonic())
            os.kill(processes[index].pid, number)

    result, _ = run(spec, progress=kill)
    assert (result.status, result.reason) == ("crashed", f"killed by {number.name}")
    assert time.monotonic() - killed[0] < 20


def test_a_cell_that_takes_too_long_is_ended_with_all_its_processes(make_spec, run):
    result, steps = run(on_two(make_spec("lstm", batch_size=8, **ENDLESS)), timeout=8.0)
    assert (result.status, result.reason) == ("timeout", "not finished after 8 s")
    assert steps


def test_an_exception_in_one_process_is_the_cell_s(store, make_spec, run):
    spec = on_two(make_spec("lstm", epochs=2, **TINY), loss_params={"no": "such parameter"})
    result, _ = run(spec)
    assert result.status == "failed"
    assert "TypeError" in result.reason
    assert "Traceback" in (store.cell_folder(spec.id) / "log.txt").read_text()


def test_out_of_memory_in_one_process_is_out_of_memory():
    assert describe_exception(RankError("process 1: MemoryError", out_of_memory=True))[0] == "out_of_memory"
    assert describe_exception(RankError("process 1: ValueError: no"))[0] == "failed"


def test_an_interrupted_training_ends_as_an_uninterrupted_one(store, make_spec, run, cells):
    """Dropout included, though the checkpoint holds the random numbers of none but the main process."""
    settings = TINY | {"dropout": 0.3, "word_dropout": 0.3}
    spec = on_two(make_spec("lstm", epochs=5, batch_size=13, **settings))
    whole, _ = run(spec)
    expected = trained(store, spec)

    dying = partial(cells.keep_every_epoch_and_die, 3 * BATCHES_OF_AN_EPOCH + 1)
    assert run(spec, dying)[0].status == "crashed"
    assert store.checkpoint_path(spec.id).exists()
    resumed, steps = run(spec, cells.keep_every_epoch)
    assert resumed.status == "ok", resumed.reason
    assert steps[0][0] > BATCHES_OF_AN_EPOCH
    assert (resumed.fit, len(resumed.fit_parts)) == (whole.fit, 2)
    assert all(torch.equal(weight, expected[name]) for name, weight in trained(store, spec).items())


def test_a_training_takes_as_many_processes_as_it_is_for(dataset):
    loss = CrossEntropy(dataset.train.lengths, dataset.train.labels)
    with pytest.raises(ValueError, match=r"^a training on 2 device\(s\) takes as many processes, and there are 1"):
        Lstm(**TINY).fit(dataset.train, dataset.valid, loss, Runtime(devices=2))
