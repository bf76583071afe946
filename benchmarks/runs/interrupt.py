"""Ctrl-C: the first one asks for an end, the second one forces it."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interruptible(notice: str) -> Iterator[Callable[[], bool]]:
    """Yield a function that returns whether the user has interrupted the run.

    The first Ctrl-C only asks, and prints `notice`. A second one raises KeyboardInterrupt, and so does the first
    SIGTERM or SIGHUP: their senders do not wait. A signal that this process was told to ignore (`nohup`) stays ignored.
    In any thread but the main one, where no signal arrives, nobody ever asks.
    """
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked or number != signal.SIGINT:
            raise KeyboardInterrupt(f"stopped by {signal.Signals(number).name}")
        asked = True
        with suppress(OSError):  # stderr is closed
            os.write(2, f"\n{notice}\n".encode())  # not print: the signal may have interrupted one

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = {number: signal.getsignal(number) for number in ENDING}
    for number in ENDING:
        if before[number] != signal.SIG_IGN:
            signal.signal(number, ask)
    try:
        yield lambda: asked
    finally:
        for number in ENDING:
            signal.signal(number, before[number])
