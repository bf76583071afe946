"""Ctrl-C: the first one asks for an end, the second one enforces it."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interruptible(notice: str) -> Iterator[Callable[[], bool]]:
    """Yield a function that says whether the user has asked for an end.

    The first Ctrl-C only asks, and prints `notice`. A second one raises KeyboardInterrupt, as do SIGTERM and SIGHUP at
    once: who sends them does not wait. A signal that this process was told to ignore (`nohup`) stays ignored.
    """
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked or number != signal.SIGINT:
            raise KeyboardInterrupt(f"stopped by {signal.Signals(number).name}")
        asked = True
        os.write(2, f"\n{notice}\n".encode())  # not print: the signal may have interrupted one

    before = {number: signal.getsignal(number) for number in ENDING}
    for number in ENDING:
        if before[number] != signal.SIG_IGN:
            signal.signal(number, ask)
    try:
        yield lambda: asked
    finally:
        for number in ENDING:
            signal.signal(number, before[number])
