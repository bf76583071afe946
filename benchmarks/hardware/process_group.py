"""The lifetime of a process group."""

import os
import signal
import threading
from multiprocessing.process import BaseProcess


def end_with(parent: BaseProcess) -> None:
    """Without the process that started it, this one must not go on writing: the next run may already be at work. It
    ends then, and all of its group.
    """

    def watch() -> None:
        parent.join()
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
