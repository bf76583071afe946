"""Sweeps that are ended, at any moment and by anything: the next one finishes the rest and loses nothing."""

import errno
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from rich.console import Console
from tiny_cells import check_whole, faulty_cell, tiny_cell, tiny_spec
from tiny_sweep import CELLS_PER_KILL

from benchmarks.hardware.origin import CHECKOUT
from benchmarks.runs.display import Display
from benchmarks.runs.sweep import sweep
from benchmarks.schema.result import SCHEMA_VERSION, CellResult
from benchmarks.store.lock import LOCK_FILE, hold
from benchmarks.store.results import Store, StoreError

KILLS, SEED = os.environ.get("KILLS", "4"), os.environ.get("SEED", "1")
"""Random signals, and their seed; a change of the executors, the store or the sweep is accepted after 200 signals."""


@pytest.fixture
def run(make_executor):
    """A sweep: how cells ended, and what was said."""

    def run(store, specs, work=tiny_cell, retries=0, **options):
        said = io.StringIO()
        with Display(Console(file=said, width=1000), specs) as display:
            outcomes = sweep(specs, store, make_executor(store, work, **options), display, retries=retries)
        return outcomes, said.getvalue()

    return run


def contents(folder):
    """Every byte that cells left, but for what they printed."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in (folder / "cells").rglob("*")
        if path.is_file() and path.name != "log.txt"
    }


def test_random_kills_lose_nothing(tmp_path, run, store):
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("tiny_sweep.py"), tmp_path / "killed", KILLS, SEED],
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)}, capture_output=True, text=True, timeout=3_600, check=False,
    )  # fmt: skip
    cells = CELLS_PER_KILL * int(KILLS)
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    assert f"signals={KILLS} " in done.stdout
    assert "survivors=0 " in done.stdout, re.findall(r"^after .*(?:\n    .*)*", done.stderr, re.MULTILINE)
    assert done.stdout.endswith("last=0\n"), done.stderr
    assert int(re.search(r"done before the last=(\d+)", done.stdout)[1]) >= int(KILLS) // 20
    outcomes, _ = run(store, [tiny_spec(seed) for seed in range(1, cells + 1)])
    assert outcomes == {"ok": cells}
    assert contents(tmp_path / "killed") == contents(store.folder)
    assert not [path for path in (tmp_path / "killed").rglob("*") if path.name.endswith(".tmp")]


def test_a_done_cell_is_not_run_again(run, store):
    specs = [tiny_spec(seed) for seed in (1, 2)]
    run(store, specs)
    before = {path: path.stat().st_mtime_ns for path in store.folder.rglob("*")}
    outcomes, said = run(store, specs)
    assert outcomes == {"ok": 2}
    assert said.count("already done") == 2
    assert {path: path.stat().st_mtime_ns for path in store.folder.rglob("*")} == before


def half(content):
    return content[: len(content) // 2]


DAMAGES = {"truncated": half, "empty": lambda _: b"", "garbage": lambda content: os.urandom(len(content))}


@pytest.mark.parametrize("name", ["result.json", "predictions.parquet"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named_set_aside_and_made_again(run, store, name, damage):
    specs = [tiny_spec(seed) for seed in (1, 2)]
    run(store, specs)
    whole = contents(store.folder)
    path = store.cell_folder(specs[0].id) / name
    damaged = DAMAGES[damage](path.read_bytes())
    path.write_bytes(damaged)
    outcomes, said = run(store, specs)
    assert outcomes == {"ok": 2}
    assert f"{path} is damaged" in said
    assert f"kept as {name}.damaged; the cell runs again" in said
    assert path.with_name(f"{name}.damaged").read_bytes() == damaged
    assert {key: value for key, value in contents(store.folder).items() if not key.endswith(".damaged")} == whole


def test_a_file_that_cannot_be_read_just_now_ends_the_run_and_is_kept(run, store, monkeypatch):
    spec = tiny_spec()
    run(store, [spec])
    before = contents(store.folder)

    def fail(path):
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("benchmarks.store.folder.open_regular", fail)
        with pytest.raises(StoreError, match="cannot be read: Input/output error"):
            run(store, [spec])
    assert contents(store.folder) == before


def test_missing_predictions_are_made_again(run, store):
    spec = tiny_spec()
    run(store, [spec])
    (store.cell_folder(spec.id) / "predictions.parquet").unlink()
    outcomes, said = run(store, [spec])
    assert "is damaged (it is missing)" in said
    assert (outcomes, check_whole(store, spec)) == ({"ok": 1}, True)


def test_a_result_of_another_version_is_refused_and_kept(run, store):
    spec = tiny_spec()
    store.write_result(CellResult(spec=spec, status="ok", schema_version=0))
    before = contents(store.folder)
    with pytest.raises(
        StoreError, match=f"is of schema version 0, and this program reads version {SCHEMA_VERSION}: run"
    ):
        run(store, [spec])
    assert contents(store.folder) == before


def test_whatever_changes_a_cell_makes_another_one(run, store):
    spec = tiny_spec()
    run(store, [spec])
    for change in (
        {"data_fingerprint": "1" * 64},
        {"code_version": "1"},
        {"model_params": {"width": 2}},
        {"measure": spec.measure.model_copy(update={"rows": 7})},
    ):
        _, said = run(store, [spec.model_copy(update=change)])
        assert "already done" not in said


def test_a_fault_loses_no_other_cell(run, store):
    faults = ("exception", "segfault", "exit", "address space")
    specs = [spec for fault in faults for spec in (tiny_spec(fault=fault), tiny_spec(fault=fault, once=True))]
    for spec in specs[1::2]:
        store.cell_folder(spec.id).mkdir(parents=True)
        (store.cell_folder(spec.id) / "happened").touch()
    outcomes, _ = run(store, specs, faulty_cell)
    assert outcomes == {"ok": 4, "failed": 1, "crashed": 2, "out_of_memory": 1}


def test_a_crashed_cell_is_run_again_as_often_as_asked_and_a_failed_one_is_not(run, store):
    specs = [
        tiny_spec(fault="segfault", once=True),
        tiny_spec(fault="segfault"),
        tiny_spec(fault="exception", once=True),
        tiny_spec(2, fault="abort", once=True),
    ]
    outcomes, said = run(store, specs, faulty_cell, retries=2)
    assert outcomes == {"ok": 2, "crashed": 1, "failed": 1}
    assert said.count("crashed: killed by SIGSEGV; it will be run again") == 3
    assert said.count("crashed: killed by SIGABRT; it will be run again") == 1
    assert said.splitlines()[-1].endswith("crashed: killed by SIGSEGV")


def test_a_repetition_of_what_failed_is_skipped(run, store):
    spec = tiny_spec(fault="exception")
    outcomes, said = run(store, [spec, spec.model_copy(update={"role": "repeated"})], faulty_cell)
    assert outcomes == {"failed": 1, "skipped": 1}
    assert f"skipped: there is nothing to repeat: {spec.id} ended failed" in said


def later(*signals_and_seconds):
    """Send this process signals, after so many seconds each."""

    def send():
        for number, seconds in signals_and_seconds:
            time.sleep(seconds)
            os.kill(os.getpid(), number)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


@pytest.fixture
def first_cell_runs(store):
    """Signals are sent when the first cell has begun."""

    def first_cell_runs(*signals_and_seconds):
        def watch():
            while not list(store.folder.glob("cells/*/child")):
                time.sleep(0.01)
            later(*signals_and_seconds).join()

        thread = threading.Thread(target=watch)
        thread.start()
        return thread

    return first_cell_runs


def test_the_first_ctrl_c_lets_the_running_cell_finish(run, store, capfd):
    specs = [tiny_spec(seed) for seed in range(1, 200)]
    thread = later((signal.SIGINT, 1.0))
    outcomes, _ = run(store, specs)
    thread.join()
    assert 0 < outcomes["ok"] < len(specs)
    assert outcomes.keys() == {"ok"}
    assert sum(check_whole(store, spec) for spec in specs) == outcomes["ok"]
    assert "finishing the running cells; Ctrl-C again stops now" in capfd.readouterr().err
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    outcomes, said = run(store, specs[: outcomes["ok"] + 1])
    assert said.count("already done") == outcomes["ok"] - 1


@pytest.mark.parametrize("signals", [[(signal.SIGINT, 0.0), (signal.SIGINT, 0.2)], [(signal.SIGTERM, 0.0)]])
def test_the_second_ctrl_c_and_a_termination_stop_now(run, store, first_cell_runs, signals):
    specs = [tiny_spec(fault="hang"), tiny_spec(2)]
    thread = first_cell_runs(*signals)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(store, specs, faulty_cell)
    thread.join()
    assert time.monotonic() - began < 30
    result = store.read_result(specs[0].id)
    assert (result.status, result.reason) == ("interrupted", f"stopped by {signals[-1][0].name}")
    assert store.read_result(specs[1].id) is None
    assert Counter(path.name for path in store.folder.glob("cells/*/.*.tmp")) == {}


def delete(folder):
    shutil.rmtree(folder)


def move(folder):
    folder.rename(folder.with_name("elsewhere"))


def replace(folder):
    """As a second run does, after the user has deleted the folder of the first."""
    move(folder)
    folder.mkdir()
    (folder / LOCK_FILE).touch()


@pytest.mark.parametrize("what", [delete, move, replace])
def test_a_folder_that_goes_in_mid_run_ends_the_run_with_one_line(store, make_executor, what):
    specs = [tiny_spec(seed) for seed in range(1, 31)]
    said = io.StringIO()
    ran = []

    class Going(Display):
        def ended(self, spec, outcome, result=None):
            super().ended(spec, outcome, result)
            ran.append(outcome)
            if len(ran) == 2:
                what(store.folder)

    with hold(store.folder) as is_held, Going(Console(file=said, width=1000), specs) as display:
        with pytest.raises(StoreError, match=r"deleted|moved") as caught:
            sweep(specs, store, make_executor(store, tiny_cell), display, is_held=is_held)
        assert not is_held()
    assert "\n" not in str(caught.value)
    assert len(said.getvalue().splitlines()) <= 3
    assert what is replace or not store.folder.exists()


def test_a_moved_folder_goes_on_where_it_stopped(store, run, tmp_path):
    specs = [tiny_spec(seed) for seed in (1, 2)]
    run(store, specs[:1])
    shutil.copytree(store.folder, tmp_path / "copy")
    store.folder.rename(tmp_path / "moved")
    for folder in ("copy", "moved"):
        outcomes, said = run(Store(tmp_path / folder), specs)
        assert (outcomes, said.count("already done")) == ({"ok": 2}, 1)
