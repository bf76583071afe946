"""Processes that are killed: none is left behind, and none takes the run with it."""

import os
import signal
import subprocess
import sys
import threading
import time
from multiprocessing import forkserver
from pathlib import Path

import pytest
from tiny_cells import PRELOAD, check_whole, faulty_cell, tiny_cell, tiny_spec

from benchmarks.executors.local import LocalExecutor
from benchmarks.hardware.fork_server import KILLED_WITH_PARENT, PARENT
from benchmarks.hardware.origin import CHECKOUT

SLOW = "slow_to_import"
"""A module that is imported for as long as the file `hold` lies beside it."""

MEASURING = """
import sys, time
from benchmarks.hardware.fork_server import fork_server, one_process
if __name__ == "__main__":
    with one_process(fork_server(sys.argv[1:])) as pool:
        waiting = pool.submit(time.sleep, 600)
        while not waiting.running():
            time.sleep(0.01)
        print("measuring", flush=True)
        waiting.result()
"""


@pytest.fixture
def slow(tmp_path, monkeypatch):
    """The folder of `SLOW`, which processes find."""
    (tmp_path / f"{SLOW}.py").write_text(
        "import time\nfrom pathlib import Path\nfolder = Path(__file__).parent\n(folder / 'importing').touch()\n"
        "while (folder / 'hold').exists():\n    time.sleep(0.01)\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{CHECKOUT}")
    return tmp_path


def wait_until(condition, seconds=30.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "in vain"
        time.sleep(0.02)
    return found


def marked(mark):
    """Processes with that variable in their environment, which children inherit, and their commands."""
    found = {}
    for folder in Path("/proc").iterdir():
        try:
            is_marked = folder.name.isdigit() and mark.encode() in (folder / "environ").read_bytes().split(b"\0")
            if is_marked and (folder / "stat").read_text().rpartition(") ")[2][0] != "Z":
                found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")[:200]
        except OSError:
            continue
    return found


def check_ends(mark):
    """Check that no process with that mark is left after ten seconds."""
    deadline = time.monotonic() + 10
    while left := marked(mark):
        assert time.monotonic() < deadline, left
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("moment", ["importing", "measuring"])
def test_no_process_outlives_one_that_is_killed_while_ceilings_are_measured(slow, number, moment):
    mark = f"ORPHANS_OF={os.getpid()}-{moment}-{number.name}"
    preload = []
    if moment == "importing":
        (slow / "hold").touch()
        preload = [SLOW]
    process = subprocess.Popen(
        [sys.executable, "-c", MEASURING, *preload],
        env=os.environ | dict([mark.split("=")]), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    if moment == "importing":
        wait_until((slow / "importing").exists)
    else:
        assert process.stdout.readline() == "measuring\n"
    assert len(marked(mark)) >= 3  # the process, the resource tracker and the fork server
    process.send_signal(number)
    process.wait()
    check_ends(mark)


@pytest.mark.parametrize("moment", ["importing", "measuring"])
def test_ctrl_c_in_a_terminal_shows_no_traceback_of_another_process(slow, moment):
    """The terminal sends it to every process of the foreground group."""
    preload = [SLOW] if moment == "importing" else []
    if preload:
        (slow / "hold").touch()
    process = subprocess.Popen(
        [sys.executable, "-c", MEASURING, *preload], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    if preload:
        wait_until((slow / "importing").exists)
    else:
        assert process.stdout.readline() == "measuring\n"
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert errors.count("Traceback") == errors.count('File "<string>", line ') >= 1  # its own, of no other process


@pytest.mark.parametrize(("parent", "status"), [("1", 1), (None, 0)])
def test_a_fork_server_whose_parent_ended_before_it_imported_anything_ends(parent, status):
    environment = os.environ | {PARENT: parent or str(os.getpid())}
    command = [sys.executable, "-c", f"import {KILLED_WITH_PARENT}"]
    assert subprocess.run(command, env=environment, cwd=CHECKOUT, check=False).returncode == status


def kill_fork_server():
    os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)


@pytest.fixture
def no_fork_server():
    """Tests share a process, and so its fork server: this one's is new, and imports what the test wants."""
    forkserver._forkserver._stop()
    yield
    forkserver._forkserver._stop()


@pytest.mark.usefixtures("no_fork_server")
def test_a_fork_server_that_is_killed_while_it_imports_is_started_again(store, slow):
    (slow / "hold").touch()

    def kill():
        wait_until((slow / "importing").exists)
        kill_fork_server()
        (slow / "hold").unlink()

    thread = threading.Thread(target=kill)
    thread.start()
    (result,) = LocalExecutor(store, tiny_cell, [*PRELOAD, SLOW]).run([tiny_spec()], lambda *_: None)
    thread.join()
    assert (result.status, check_whole(store, result.spec)) == ("ok", True)


@pytest.mark.usefixtures("no_fork_server")
def test_a_fork_server_that_is_killed_whenever_it_imports_is_a_row(store, slow):
    (slow / "hold").touch()
    ended = threading.Event()

    def kill():
        while not ended.is_set():
            if (slow / "importing").exists():
                (slow / "importing").unlink()
                kill_fork_server()
            time.sleep(0.01)

    thread = threading.Thread(target=kill)
    thread.start()
    (result,) = LocalExecutor(store, tiny_cell, [*PRELOAD, SLOW]).run([tiny_spec()], lambda *_: None)
    ended.set()
    thread.join()
    assert result.status == "crashed"
    assert result.reason == "the fork server ended 3 times while it was to start this cell's process"


@pytest.mark.usefixtures("no_fork_server")
@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_cell_prints_what_the_terminal_has_no_characters_for(store, monkeypatch, encoding):
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    spec = tiny_spec(fault="characters")
    (result,) = LocalExecutor(store, faulty_cell, PRELOAD).run([spec], lambda *_: None)
    assert result.status == "ok"
    assert (store.cell_folder(spec.id) / "log.txt").read_text().splitlines() == [
        "the last words",
        "models × losses \\ud800 😀",
        "models × losses",
    ]


CLOSED = """
import os, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from tiny_cells import tiny_cell, tiny_spec
from benchmarks.executors.local import LocalExecutor
from benchmarks.store.results import Store
if __name__ == "__main__":
    for descriptor in range(3):
        os.close(descriptor)
    store = Store(Path(sys.argv[2]))
    store.create()
    results = LocalExecutor(store, tiny_cell).run([tiny_spec(1), tiny_spec(2)], lambda *_: None)
    os._exit(3 + [result.status for result in results].count("ok"))
"""


def test_closed_standard_streams_fail_no_cell(tmp_path):
    command = [sys.executable, "-c", CLOSED, Path(__file__).parent, tmp_path / "results"]
    assert subprocess.run(command, cwd=CHECKOUT, check=False, timeout=60).returncode == 5


RUNNING = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from tiny_cells import faulty_cell, tiny_spec
from benchmarks.executors.local import LocalExecutor
from benchmarks.store.results import Store
if __name__ == "__main__":
    executor = LocalExecutor(Store(Path(sys.argv[2])), faulty_cell, sys.argv[4:])
    list(executor.run([tiny_spec(fault=sys.argv[3])], lambda *_: None))
"""

UNWATCHED = """
from benchmarks.executors import cell_process
from benchmarks.hardware.process_group import adopt_orphans
cell_process.end_group_with_parent = adopt_orphans
"""
"""A module that takes from cells the thread that ends them with the run."""


def check_daemon_ends(store, number, fault, *preload):
    """Kill a run whose cell has started a daemon: nothing of the run is left."""
    mark = f"DAEMON_OF={os.getpid()}-{number.name}"
    process = subprocess.Popen(
        [sys.executable, "-c", RUNNING, Path(__file__).parent, store.folder, fault, *preload],
        env=os.environ | dict([mark.split("=")]), cwd=CHECKOUT, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    child = store.cell_folder(tiny_spec(fault=fault).id) / "child"
    wait_until(lambda: child.exists() and child.read_text())
    assert int(child.read_text()) in marked(mark)
    process.send_signal(number)
    process.wait()
    check_ends(mark)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_process_that_left_the_group_of_its_cell_ends_with_the_run(store, number):
    check_daemon_ends(store, number, "hang with a daemon")


def test_it_ends_with_a_run_whose_end_the_cell_sees_before_its_watch_does(store, tmp_path, monkeypatch):
    (tmp_path / "unwatched.py").write_text(UNWATCHED)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{CHECKOUT}")
    check_daemon_ends(store, signal.SIGKILL, "outlive the run with a daemon", "unwatched")


@pytest.mark.usefixtures("no_fork_server")
def test_a_cell_whose_fork_server_is_killed_is_ended_and_the_next_one_runs(store):
    specs = [tiny_spec(seed) for seed in (1, 2)]
    killed = []

    def kill_once(spec, done, total):
        if total and not killed:
            killed.append(spec.id)
            kill_fork_server()

    results = list(LocalExecutor(store, tiny_cell, PRELOAD).run(specs, kill_once))
    assert [result.status for result in results] == ["crashed", "ok"]
    assert check_whole(store, specs[1])
