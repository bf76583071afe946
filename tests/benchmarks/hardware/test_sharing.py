"""A process uses the processors that others leave free."""

import signal
import subprocess
import sys

import pytest

from benchmarks.hardware import sharing
from benchmarks.hardware.sharing import Watch, fitting, leave_room


@pytest.mark.parametrize(
    ("count", "available", "others", "threads"),
    [
        (2, 2, 0.0, 2),
        (2, 2, 0.4, 2),  # less than half a processor is no reason
        (2, 2, 1.0, 1),
        (2, 2, 2.0, 1),  # one thread always
        (4, 16, 10.0, 4),
        (8, 16, 12.0, 4),
        (1, 2, 0.0, 1),
    ],
)
def test_threads_fit_beside_others(count, available, others, threads):
    assert fitting(count, available, others) == threads


def test_the_watch_follows_the_load(monkeypatch):
    now = {"moment": 0.0, "busy": 0.0, "own": 0.0}
    monkeypatch.setattr(sharing.time, "monotonic", lambda: now["moment"])
    monkeypatch.setattr(sharing.time, "process_time", lambda: now["own"])
    monkeypatch.setattr(sharing, "busy_seconds", lambda: now["busy"])
    monkeypatch.setattr(sharing, "processors", lambda: {0, 1})
    told = []
    watch = Watch(2, told.append)

    def pass_second(own, others):
        now["moment"] += 1
        now["own"] += own
        now["busy"] += own + others
        watch.look()

    pass_second(2.0, 0.0)
    assert told == []
    pass_second(1.0, 1.0)
    pass_second(1.0, 1.0)
    assert told == [1]
    pass_second(1.0, 0.1)
    assert told == [1, 2]


LOOKING = """
import time
from benchmarks.hardware import sharing
told = []
sharing.processors = lambda: {0}
sharing.leave_room(8, told.append)
begin = time.monotonic()
while not told and time.monotonic() - begin < 20:
    time.sleep(0.1)  # the signal interrupts it, and it goes on
print(told)
"""


def test_a_timer_looks_at_the_load():
    """Eight threads do not fit into one processor, whatever the load."""
    ended = subprocess.run([sys.executable, "-c", LOOKING], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.strip() == "[1]"


KEEPING = """
import signal, time
from benchmarks.hardware import sharing
told = []
sharing.processors = lambda: {0}
sharing.leave_room(8, told.append)
while not told:
    time.sleep(0.1)
sharing.keep_threads()
sharing.leave_room(8, told.append)
time.sleep(3 * sharing.PERIOD)
print(told, signal.getitimer(signal.ITIMER_REAL))
"""


def test_threads_that_are_kept_are_all_threads_whatever_the_load():
    ended = subprocess.run([sys.executable, "-c", KEEPING], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.strip() == "[1, 8] (0.0, 0.0)"


KEEPING_FIRST = """
import signal, time
from benchmarks.hardware import sharing
told = []
sharing.processors = lambda: {0}
sharing.keep_threads()
sharing.leave_room(8, told.append)
time.sleep(3 * sharing.PERIOD)
print(told, signal.getitimer(signal.ITIMER_REAL))
"""


def test_threads_are_kept_whatever_is_told_later():
    code = [sys.executable, "-c", KEEPING_FIRST]
    ended = subprocess.run(code, capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout.strip() == "[] (0.0, 0.0)"


def test_a_program_that_has_its_own_use_for_the_signal_keeps_it():
    def own(number, frame):
        pass

    before = signal.signal(signal.SIGALRM, own)
    try:
        leave_room(2, lambda count: None)
        assert signal.getsignal(signal.SIGALRM) is own
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    finally:
        signal.signal(signal.SIGALRM, before)


def test_one_thread_needs_no_watch():
    before = signal.getsignal(signal.SIGALRM)
    try:
        leave_room(2, lambda count: None)
        assert signal.getitimer(signal.ITIMER_REAL)[1] == sharing.PERIOD
        leave_room(1, lambda count: None)
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_process_that_ends_slowly_is_not_killed_by_the_timer():
    """Python restores the signal's default, which kills, before it has freed everything."""
    script = """
import time
from benchmarks.hardware.sharing import leave_room

class Slow:
    def __del__(self):
        time.sleep(1.5)

leave_room(2, lambda count: None)
keep = Slow()
import builtins
builtins.keep = keep
del keep
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
