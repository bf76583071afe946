"""The process that others are forked from, so that they start in a tenth of a second with their modules imported."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import AuthenticationError, forkserver
from multiprocessing.context import BaseContext, ForkServerContext
from typing import TypeVar

from benchmarks.hardware.process_group import exit_with_parent

T = TypeVar("T")

KILLED_WITH_PARENT = "benchmarks.hardware.killed_with_parent"

PARENT = "BENCHMARKS_FORK_SERVER_PARENT"
"""As in that module, which is not imported here: importing it ties this process to its own parent."""

SERVER_ENDED = (EOFError, OSError, AuthenticationError)
"""Raised by `multiprocessing` where the fork server ends while it is to start a process."""


def fork_server(preload: Sequence[str]) -> ForkServerContext:
    """Start the fork server, unless it runs, and return the context that starts processes from it.

    Ctrl-C in a terminal reaches every process of the foreground group. The server and all processes forked from it
    leave it to the process that started them, which ends them in its own way.

    Args:
        preload: modules that the server imports once.
    """
    _open_standard_streams()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([KILLED_WITH_PARENT, *preload])
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    os.environ[PARENT] = str(os.getpid())
    try:
        forkserver.ensure_running()
    finally:
        del os.environ[PARENT]
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return context


def _open_standard_streams() -> None:
    """Let the fork server inherit standard streams: a pipe with the number of a closed one would be overwritten."""
    for descriptor in range(3):
        try:
            os.set_inheritable(descriptor, True)  # noqa: FBT003  (the function takes no name)
        except OSError:  # it is closed; the next file to be opened takes the lowest free number, which is this one
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003


@contextmanager
def one_process(context: BaseContext) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of one process, which outlives neither this process nor an exception of the block.

    Raises:
        RuntimeError: the process cannot be started, or died.
    """
    with ProcessPoolExecutor(1, mp_context=context, initializer=exit_with_parent) as pool:
        try:
            pool.submit(int)  # starts the process
        except SERVER_ENDED as error:
            raise RuntimeError(f"a process cannot be started ({type(error).__name__})") from error
        try:
            yield pool
        except BaseException:
            for child in multiprocessing.active_children():
                child.kill()  # or the pool would wait for it
            raise


def in_new_process(call: Callable[..., T], *arguments: object) -> T:
    """Return `call(*arguments)`, computed in a newly started process that inherits no state of this one.

    What earlier work leaves in a process changes the speed of later work: of a stock LSTM's training, two fifths of the
    processor time go into page faults in a new process, and next to none where the heap keeps its memory.

    Raises:
        BrokenProcessPool: the process was killed.
        Exception: whatever `call` raises.
    """
    try:
        with one_process(multiprocessing.get_context("spawn")) as pool:
            return pool.submit(call, *arguments).result()
    except BrokenProcessPool:
        raise BrokenProcessPool("its process was killed, as when memory runs out") from None
