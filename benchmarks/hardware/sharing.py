"""Fewer threads while other processes keep processors busy.

The threads of an OpenMP team wait for each other at the end of each parallel region, and they wait by spinning. Beside
a busy process the scheduler may give that process a processor of its own and let a team of two share the other: each
thread then spins through its time slice while the one that it waits for cannot run. On two processors an LSTM trained
at 1 % of its speed. Shorter spinning (`GOMP_SPINCOUNT`, `OMP_WAIT_POLICY=passive`) avoids that and costs a third of the
speed of an undisturbed LSTM; a team that fits into the free processors costs nothing.
"""

import atexit
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

import psutil

PERIOD = 0.5
"""Seconds between two looks at the load."""


class Watch:
    """Sets the number of threads to the processors that other processes leave free, at most `count`."""

    def __init__(self, count: int, set_threads: Callable[[int], None]) -> None:
        """Start from now, with `count` threads."""
        self._count, self._set_threads, self._threads = count, set_threads, count
        self._moment, self._busy, self._own = time.monotonic(), busy_seconds(), time.process_time()

    def look(self) -> None:
        """Compare with the last look, and change the number of threads if it is another one."""
        moment, busy, own = time.monotonic(), busy_seconds(), time.process_time()
        elapsed = max(moment - self._moment, 1e-9)
        others = max((busy - self._busy) - (own - self._own), 0.0) / elapsed
        self._moment, self._busy, self._own = moment, busy, own
        wanted = fitting(self._count, len(processors()), others)
        if wanted != self._threads:
            self._set_threads(wanted)
            self._threads = wanted

    def end(self) -> None:
        """Set the full number of threads."""
        self._set_threads(self._count)


def fitting(count: int, available: int, others: float) -> int:
    """Return the threads that fit beside other processes.

    Args:
        count: the most.
        available: processors that this process may run on.
        others: of them, those that other processes used, on average; less than half a processor does not count.
    """
    return max(1, min(count, round(available - others)))


def processors() -> set[int]:
    """Return the processors that this process may run on."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))


def busy_seconds() -> float:
    """Return the time for which these processors have worked, for whomever."""
    times = psutil.cpu_times(percpu=True)
    chosen = [times[number] for number in processors() if number < len(times)]
    return sum(one.user + one.system + getattr(one, "nice", 0.0) for one in chosen)


def leave_room(count: int, set_threads: Callable[[int], None]) -> None:
    """From now on, use fewer than `count` threads while other processes keep processors busy.

    A timer's signal looks at the load, in the main thread and between two of its instructions, where no parallel region
    is under way. Nothing is done in other threads, or where the program uses that signal itself.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    current = signal.getsignal(signal.SIGALRM)
    if current is not signal.SIG_DFL and not isinstance(current, _Handler):
        return
    signal.signal(signal.SIGALRM, _Handler(Watch(count, set_threads)))
    period = PERIOD if count > 1 else 0.0  # 0 ends an earlier timer
    signal.setitimer(signal.ITIMER_REAL, period, period)
    atexit.unregister(_end_timer)
    atexit.register(_end_timer)


def keep_threads() -> None:
    """From now on, and whatever `leave_room` is told later, use all threads beside other processes, too.

    A network that torch compiles is for one number of threads: at another one it is compiled again, and a change while
    it is being compiled is an error. The compiler's own processes keep processors busy.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    current = signal.getsignal(signal.SIGALRM)
    if isinstance(current, _Handler):
        _end_timer()
        current.watch.end()
    if isinstance(current, _Handler) or current is signal.SIG_DFL:
        signal.signal(signal.SIGALRM, signal.SIG_IGN)  # which `leave_room` takes for the program's own


def _end_timer() -> None:
    """End the timer: at its end Python restores the signal's default, which kills."""
    signal.setitimer(signal.ITIMER_REAL, 0.0)


class _Handler:
    """Handler of the timer's signal."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Look at the load."""
        self.watch.look()
