"""Lifetimes of processes: a process ends with the process that started it.

A process group misses processes that have left it (`setsid`). On Linux, a process that adopts orphans stays the
ancestor of all that it started, directly or not, so these are found as its descendants. One case remains: a process
that left the group of a cell outlives it where the cell and the run are killed in the same moment.
"""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

import psutil

PR_SET_CHILD_SUBREAPER = 36

ROUNDS = 100
"""Searches for processes to kill: one may start others until it is killed itself."""


def exit_with_parent() -> None:
    """End this process as soon as the process that started it has ended, for whatever reason."""
    _when_parent_ends(lambda: os.kill(os.getpid(), signal.SIGKILL))


def end_group_with_parent() -> None:
    """End this process, its group and its descendants as soon as the process that started it has ended.

    Otherwise a cell would keep writing, possibly while the next run writes too.
    """
    adopt_orphans()
    _when_parent_ends(_end_group)


def end_group_if_orphaned() -> None:
    """End this process, its group and its descendants if the process that started it has ended.

    For a process that is about to exit: the watch of `end_group_with_parent` may not have come to its end yet.
    """
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        _end_group()


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends; elsewhere than on Linux, do nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_orphans(server: psutil.Process) -> None:
    """End the processes that a fork server has adopted: those that cells which have ended left outside their groups.

    Args:
        server: a fork server that adopts orphans; all processes that it forked were started by this process.
    """
    started = {process.pid for process in multiprocessing.active_children()}
    _end_all(lambda: [child for child in server.children() if child.pid not in started and _has_left(child, server)])


def _end_group() -> None:
    try:
        _end_all(psutil.Process().children)
    finally:
        os.killpg(0, signal.SIGKILL)


def _end_all(find: Callable[[], list[psutil.Process]]) -> None:
    """Kill the processes found, and their descendants, until there are none."""
    for _ in range(ROUNDS):
        with suppress(psutil.Error):
            found = [process for process in find() if process.status() != psutil.STATUS_ZOMBIE]
            if not found:
                return
            for process in [each for root in found for each in (*root.children(recursive=True), root)]:
                with suppress(psutil.Error):
                    process.kill()


def _has_left(child: psutil.Process, server: psutil.Process) -> bool:
    """Whether a process is in another group than the server, as no process is that was just forked."""
    try:
        return os.getpgid(child.pid) != os.getpgid(server.pid)
    except ProcessLookupError:
        return False


def _when_parent_ends(end: Callable[[], None]) -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        end()

    threading.Thread(target=watch, daemon=True).start()
