"""Lifetimes of processes: a process ends with the process that started it."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable


def exit_with_parent() -> None:
    """End this process as soon as the process that started it has ended, for whatever reason."""
    _when_parent_ends(lambda: os.kill(os.getpid(), signal.SIGKILL))


def end_group_with_parent() -> None:
    """End this process and its process group as soon as the process that started it has ended.

    Otherwise a cell would keep writing, possibly while the next run writes too.
    """
    _when_parent_ends(lambda: os.killpg(0, signal.SIGKILL))


def _when_parent_ends(end: Callable[[], None]) -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        end()

    threading.Thread(target=watch, daemon=True).start()
