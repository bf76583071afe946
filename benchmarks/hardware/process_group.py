"""Lifetimes of processes: none outlives the process that started it."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable


def exit_with_parent() -> None:
    """End this process as soon as the process that started it has ended, however that ended."""
    _when_parent_ends(lambda: os.kill(os.getpid(), signal.SIGKILL))


def end_group_with_parent() -> None:
    """End this process and its process group as soon as the process that started it has ended.

    A cell would otherwise go on writing, perhaps beside the next run.
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
