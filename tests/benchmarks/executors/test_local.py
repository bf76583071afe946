"""Cells in processes of their own: whatever happens to one, it leaves a row."""

import errno
import json
import os
import signal
import threading
import time
from multiprocessing import Pipe
from pathlib import Path

import pytest
import torch

from benchmarks.cells.run_cell import run_cell
from benchmarks.executors.cell_process import Steps
from benchmarks.executors.faults import describe_exception, describe_exit
from benchmarks.executors.local import LocalExecutor
from benchmarks.executors.select import PRELOAD

ENDLESS = {"epochs": 100_000, "patience": None, "embedding_width": 4, "hidden_width": 4}


@pytest.fixture
def runner(store):
    return LocalExecutor(store, run_cell, PRELOAD)


def ignore(done, total):
    pass


def run_one(runner, spec, progress):
    (result,) = runner.run([spec], lambda _, done, total: progress(done, total) if total else None)
    return result


def test_a_cell_runs_in_another_process_and_leaves_its_result(runner, make_spec):
    spec = make_spec()
    assert run_one(runner, spec, ignore).status == "ok"
    assert runner.store.read_result(spec.id).metrics["accuracy"] > 0.9


def test_progress_is_passed_on(runner, make_spec):
    seen = []
    spec = make_spec("lstm", epochs=2, min_steps=0, batch_size=8, embedding_width=4, hidden_width=4)
    run_one(runner, spec, lambda done, total: seen.append((done, total)))
    assert seen == sorted(set(seen))
    assert (seen[0], seen[-1]) == ((1, 10), (10, 10))


def test_a_run_that_is_busy_holds_up_no_training_step_and_is_told_of_the_last_one(monkeypatch):
    monkeypatch.setattr("benchmarks.executors.cell_process.BETWEEN_STEPS", 0.0)
    ours, theirs = Pipe()
    steps = Steps(theirs)
    for done in range(1, 20_000):
        steps(done, 20_000)
    taken = received(ours)
    assert taken == [[done, 20_000] for done in range(1, len(taken) + 1)]
    assert 0 < len(taken) < 19_999
    steps(20_000, 20_000)
    assert received(ours) == [[20_000, 20_000]]


def test_a_run_is_told_of_steps_a_few_times_a_second_and_of_the_last_one(monkeypatch):
    now = iter([0.0, 0.1, 0.19, 0.2, 0.3, 0.31])
    monkeypatch.setattr("benchmarks.executors.cell_process.monotonic", lambda: next(now))
    ours, theirs = Pipe()
    steps = Steps(theirs)
    for done in range(1, 7):
        steps(done, 6)
    assert received(ours) == [[1, 6], [4, 6], [6, 6]]


def received(connection):
    """The messages that wait in a connection."""
    found = []
    while connection.poll():
        found.append(json.loads(connection.recv_bytes()))
    return found


def test_an_exception_is_a_row_and_a_traceback_in_the_log(runner, make_spec):
    spec = make_spec("distilbert", encoder="/nowhere")
    result = run_one(runner, spec, ignore)
    assert (result.status, result.reason.split(":")[0]) == ("failed", "ValueError")
    assert "Traceback" in (runner.store.cell_folder(spec.id) / "log.txt").read_text()
    assert runner.store.read_result(spec.id) == result


def test_a_cell_that_takes_too_long_is_ended(store, make_spec):
    began = time.monotonic()
    result = run_one(LocalExecutor(store, run_cell, PRELOAD, timeout=1.0), make_spec("lstm", **ENDLESS), ignore)
    assert (result.status, result.reason) == ("timeout", "not finished after 1 s")
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [(signal.SIGKILL, "crashed", "killed by SIGKILL"), (signal.SIGSEGV, "crashed", "killed by SIGSEGV")],
)
def test_a_process_that_is_killed_is_a_row(runner, make_spec, fault, status, reason):
    killed = threading.Event()

    def kill(done, total):
        if not killed.is_set():
            killed.set()
            os.kill(child_of(spec), fault)

    spec = make_spec("lstm", **ENDLESS)
    result = run_one(runner, spec, kill)
    assert result.status == status
    assert reason in result.reason


def child_of(spec):
    """The process whose log is this cell's."""
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and spec.id in str((folder / "fd" / "1").readlink()):
                return int(folder.name)
        except OSError:
            continue
    raise AssertionError("the cell's process was not found")


def test_stopping_by_the_user_ends_the_cell_and_says_so(runner, make_spec):
    def stop(done, total):
        raise KeyboardInterrupt

    spec = make_spec("lstm", **ENDLESS)
    with pytest.raises(KeyboardInterrupt):
        run_one(runner, spec, stop)
    assert runner.store.read_result(spec.id).status == "interrupted"
    with pytest.raises(AssertionError):
        child_of(spec)


def test_an_old_result_does_not_survive_a_cell_that_dies(runner, make_spec):
    spec = make_spec()
    run_one(runner, spec, ignore)
    (runner.store.data_path(spec.data_fingerprint)).unlink()
    assert run_one(runner, spec, ignore).status == "failed"


def test_an_exit_without_a_result_is_a_crash():
    assert describe_exit(0, killed_by_kernel=False) == ("crashed", "ended without a result (exit status 0)")
    assert describe_exit(7, killed_by_kernel=True) == ("crashed", "ended without a result (exit status 7)")


def test_torch_out_of_host_memory_is_out_of_memory():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 50)
    assert describe_exception(caught.value)[0] == "out_of_memory"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"), "out_of_memory"),
        (RuntimeError("CUDA error: out of memory"), "out_of_memory"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "out_of_memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "failed"),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), "failed"),
    ],
)
def test_what_an_exception_means(error, status):
    assert describe_exception(error)[0] == status
