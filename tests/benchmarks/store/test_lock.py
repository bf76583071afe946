import errno
import os
import signal
import subprocess
import sys

import pytest

from benchmarks.errors import UsageError
from benchmarks.hardware.origin import CHECKOUT
from benchmarks.store.lock import LOCK_FILE, hold

HOLDER = """
import sys, time
from pathlib import Path
from benchmarks.store.lock import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_the_second_run_is_told_who_holds_the_folder(holder, tmp_path):
    with pytest.raises(UsageError, match=f"is in use by process {holder.pid}, since 20"), hold(tmp_path):
        pass


def test_a_lock_of_a_killed_process_is_free(holder, tmp_path):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with hold(tmp_path):
        pass


def test_a_file_system_without_locks_is_one_line(tmp_path, monkeypatch):
    """As NFS without its lock service."""

    def flock(descriptor, operation):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", flock)
    with pytest.raises(UsageError, match=r"cannot be locked \(No locks available\)"), hold(tmp_path):
        pass


def test_a_lock_that_is_gone_or_another_one_s_is_seen(tmp_path):
    with hold(tmp_path) as is_held:
        assert is_held()
        (tmp_path / LOCK_FILE).rename(tmp_path / "moved")
        assert not is_held()
        (tmp_path / LOCK_FILE).touch()
        assert not is_held()


def test_a_folder_is_free_again_afterwards(tmp_path):
    for _ in range(2):
        with hold(tmp_path):
            pass
