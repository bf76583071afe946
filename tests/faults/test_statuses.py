"""Every way in which a cell can end leaves a row that says so."""

import contextlib
import os
import signal
import time
from pathlib import Path

import pytest
from tiny_cells import TEXT, check_whole, faulty_cell, tiny_cell, tiny_spec

from benchmarks.errors import LONGEST_REASON
from benchmarks.hardware.slots import Slot
from benchmarks.schema.measurements import Measure
from benchmarks.store.results import Store


def ignore(done, total):
    pass


def run_one(executor, spec, progress):
    """The result of a single cell."""
    (result,) = executor.run([spec], lambda _, done, total: progress(done, total) if total else None)
    return result


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        ("exception", "failed", "ValueError"),
        ("diverged", "failed", "FloatingPointError"),
        ("address space", "out_of_memory", "MemoryError: Unable to allocate 8.00 MiB"),
        ("mute", "failed", "MuteError"),
        ("segfault", "crashed", "killed by SIGSEGV"),
        ("abort", "crashed", "killed by SIGABRT"),
        ("exit", "crashed", "ended without a result (exit status 7)"),
        ("exit 0", "crashed", "ended without a result (exit status 0)"),
        ("sys.exit", "crashed", "ended without a result (exit status 5)"),
    ],
)
def test_a_fault_is_a_row(store, make_executor, fault, status, reason):
    spec = tiny_spec(fault=fault)
    result = run_one(make_executor(store, faulty_cell), spec, ignore)
    assert result.status == status
    assert reason in f"{result.reason.removeprefix('numpy._core._exceptions._Array')}".replace(
        "_ArrayMemoryError", "MemoryError"
    )
    assert store.read_result(spec.id) == result
    log = (store.cell_folder(spec.id) / "log.txt").read_text()
    assert ("Traceback" in log) == (status in {"failed", "out_of_memory"})


@pytest.mark.parametrize(
    ("fault", "kind", "detail"),
    [
        ("exception", "ValueError", "the first line"),
        ("quote", "ValueError", f"could not convert string to float: {TEXT!r}"),
        ("shout", "RuntimeError", "aaa"),
    ],
)
def test_a_result_publishes_the_type_of_an_exception_and_the_log_has_all_of_it(
    store, make_executor, fault, kind, detail
):
    spec = tiny_spec(fault=fault)
    result = run_one(make_executor(store, faulty_cell), spec, ignore)
    assert result.reason == kind
    assert result.detail.startswith(detail)
    assert len(result.detail) <= LONGEST_REASON
    log = (store.cell_folder(spec.id) / "log.txt").read_text()
    assert (TEXT in log) == (fault != "exception")
    assert f"{kind}: {detail}" in log


@pytest.mark.parametrize("fault", ["thread", "closed streams", "directory"])
def test_what_a_plugin_does_to_its_process_does_not_keep_its_cell_from_ending(store, make_executor, monkeypatch, fault):
    monkeypatch.chdir(store.folder.parent)
    relative = Store(Path(store.folder.name))
    spec = tiny_spec(fault=fault)
    result = run_one(make_executor(relative, faulty_cell, timeout=60.0), spec, ignore)
    assert (result.status, check_whole(store, spec)) == ("ok", True)


def test_a_result_on_disk_counts_even_if_its_process_is_found_too_late(store, make_executor):
    spec = tiny_spec(fault="late")
    result = run_one(make_executor(store, faulty_cell, timeout=3.0), spec, ignore)
    assert (result.status, check_whole(store, spec)) == ("ok", True)


def test_a_timeout_of_months_is_a_timeout(store, make_executor):
    spec = tiny_spec()
    assert run_one(make_executor(store, tiny_cell, timeout=1e8), spec, ignore).status == "ok"


def test_a_cell_that_is_measured_again_adds_to_its_log(store, make_executor):
    spec = tiny_spec(fault="characters")
    log = store.cell_folder(spec.id) / "log.txt"
    run_one(make_executor(store, faulty_cell), spec, ignore)
    training = log.read_text()
    wider = spec.model_copy(update={"measure": Measure(rows=16)})
    run_one(make_executor(store, faulty_cell), wider, ignore)
    assert (wider.id, log.read_text()) == (spec.id, training * 2)


def test_a_new_attempt_begins_a_new_log(store, make_executor):
    spec = tiny_spec(fault="exception")
    for _ in range(2):
        run_one(make_executor(store, faulty_cell), spec, ignore)
    assert (store.cell_folder(spec.id) / "log.txt").read_text().count("the last words") == 1


def test_a_log_never_goes_through_a_link(store, make_executor, tmp_path):
    victim, spec = tmp_path / "victim", tiny_spec()
    victim.write_text("precious")
    store.cell_folder(spec.id).mkdir(parents=True)
    (store.cell_folder(spec.id) / "log.txt").symlink_to(victim)
    assert run_one(make_executor(store, tiny_cell), spec, ignore).status == "ok"
    assert victim.read_text() == "precious"
    assert not (store.cell_folder(spec.id) / "log.txt").is_symlink()


@pytest.fixture
def control_group(monkeypatch):
    """A memory control group of 64 MiB; the kernel ends a process of it that wants more."""
    root = Path("/sys/fs/cgroup")
    first_version = (root / "memory" / "memory.limit_in_bytes").exists()
    folder = (root / "memory" if first_version else root) / f"benchmarks-test-{os.getpid()}"
    try:
        folder.mkdir()
        (folder / ("memory.limit_in_bytes" if first_version else "memory.max")).write_text(str(64 << 20))
    except OSError as error:
        with contextlib.suppress(OSError):
            folder.rmdir()
        pytest.skip(f"no memory control group can be made here: {error}")
    yield folder
    wait_until(lambda: not (folder / "cgroup.procs").read_text())
    folder.rmdir()


@pytest.mark.alone  # the kernel counts the processes that it ends for the whole machine, other tests' too
def test_a_cell_that_the_kernel_ends_for_want_of_memory_is_out_of_memory(store, make_executor, control_group):
    spec = tiny_spec(fault="control group", group=str(control_group))
    result = run_one(make_executor(store, faulty_cell), spec, ignore)
    assert result.status == "out_of_memory"
    assert "killed by the operating system (SIGKILL) because memory ran out" in result.reason


def test_a_cell_that_takes_too_long_is_ended_with_all_that_it_started(store, make_executor):
    spec = tiny_spec(fault="hang")
    result = run_one(make_executor(store, faulty_cell, timeout=4.0), spec, ignore)
    assert (result.status, result.reason) == ("timeout", "not finished after 4 s")
    child = int((store.cell_folder(spec.id) / "child").read_text())
    wait_until(lambda: not is_running(child))


def test_what_a_crashed_cell_started_is_ended(store, make_executor):
    spec = tiny_spec(fault="orphans")
    assert run_one(make_executor(store, faulty_cell), spec, ignore).status == "crashed"
    child = int((store.cell_folder(spec.id) / "child").read_text())
    wait_until(lambda: not is_running(child))


@pytest.mark.parametrize(
    ("fault", "status"),
    [("daemon", "ok"), ("hang with a daemon", "timeout"), ("die with a daemon", "crashed")],
)
def test_a_process_that_left_the_group_of_its_cell_is_ended(store, make_executor, capfd, fault, status):
    spec = tiny_spec(fault=fault)
    assert run_one(make_executor(store, faulty_cell, timeout=6.0), spec, ignore).status == status
    child = int((store.cell_folder(spec.id) / "child").read_text())
    wait_until(lambda: not is_running(child))
    assert capfd.readouterr() == ("", "")


def test_a_daemon_of_one_cell_is_ended_and_the_other_cells_run(store, make_executor):
    """Two slots: the cell that ends leaves those of the other one alone."""
    slow, quick = tiny_spec(1, fault="hang with a daemon"), tiny_spec(2, fault="daemon")
    executor = make_executor(store, faulty_cell, timeout=6.0, slots={"cpu": [Slot(1), Slot(2)], "cuda": []})
    children = {}

    def running():
        return {spec.seed: is_running(children[spec.seed]) for spec in (slow, quick) if spec.seed in children}

    ended = []
    for result in executor.run([slow, quick], lambda *_: None):
        for spec in (slow, quick):
            children[spec.seed] = int((store.cell_folder(spec.id) / "child").read_text())
        ended.append((result.spec.seed, result.status, running()[1]))
        assert not running()[result.spec.seed]
    assert ended == [(2, "ok", True), (1, "timeout", False)]


def test_a_killed_child_is_a_crash(store, make_executor):
    spec = tiny_spec(fault="hang")

    def kill(done, total):
        child = int((store.cell_folder(spec.id) / "child").read_text())
        os.kill(os.getsid(child), signal.SIGKILL)

    result = run_one(make_executor(store, faulty_cell), spec, kill)
    assert (result.status, result.reason) == ("crashed", "killed by SIGKILL")


def test_the_parent_sleeps_while_a_cell_runs(store, make_executor):
    began = time.process_time()
    run_one(make_executor(store, faulty_cell, timeout=1.0), tiny_spec(fault="hang"), ignore)
    assert time.process_time() - began < 0.2


def test_an_attempt_starts_without_what_a_killed_one_left(store, make_executor):
    spec = tiny_spec()
    folder = store.cell_folder(spec.id)
    (folder / f".model.{os.getpid()}.tmp").mkdir(parents=True)
    (folder / ".result.json.1.tmp").write_text("{")
    assert run_one(make_executor(store, tiny_cell), spec, ignore).status == "ok"
    assert check_whole(store, spec)
    assert sorted(path.name for path in folder.iterdir()) == ["log.txt", "model", "predictions.parquet", "result.json"]
