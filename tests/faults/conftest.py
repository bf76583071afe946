import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # processes of cells import `tiny_cells` by name, and get this path

from tiny_cells import PRELOAD

from benchmarks.executors.local import LocalExecutor
from benchmarks.store.results import Store


def mount(*arguments):
    done = subprocess.run(["mount", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mount {' '.join(map(str, arguments))}: {done.stderr.strip() or 'not allowed here'}")


@pytest.fixture(autouse=True)
def _ctrl_c_is_heard():
    """A shell starts what it puts into the background deaf to Ctrl-C, and the tests with it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def mounted(tmp_path):
    """Mount something at a new folder; unmounted afterwards."""
    if os.geteuid() != 0:
        pytest.skip("mounting a disk needs root")
    folders = []

    def mounted(name, *arguments):
        folder = tmp_path / name
        folder.mkdir()
        mount(*arguments, folder)
        folders.append(folder)
        return folder

    yield mounted
    for folder in reversed(folders):
        subprocess.run(["umount", folder], check=True)


@pytest.fixture
def make_executor():
    def make_executor(store, work, **options):
        return LocalExecutor(store, work, PRELOAD, **options)

    return make_executor


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "results")
    store.create()
    return store
