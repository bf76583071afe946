"""The process that others are forked from, so that they start in a tenth of a second with their modules imported."""

import multiprocessing
import signal
from collections.abc import Sequence
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext


def fork_server(preload: Sequence[str]) -> ForkServerContext:
    """Start the fork server, unless it runs, and return the context that starts processes from it.

    Ctrl-C in a terminal reaches every process of the foreground group. The server and all processes forked from it
    leave it to the process that started them, which ends them in its own way.

    Args:
        preload: modules that the server imports once.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return context
