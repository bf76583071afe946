"""Exceptions and exit codes, as results report them."""

import signal

from benchmarks.errors import is_out_of_memory, publishable
from benchmarks.schema.result import Status


def describe_exception(error: BaseException) -> tuple[Status, str]:
    """Return the status of a cell that an exception ended, and a reason that may be published."""
    return ("out_of_memory" if is_out_of_memory(error) else "failed"), publishable(error)


def describe_exit(exit_code: int | None, *, killed_by_kernel: bool) -> tuple[Status, str]:
    """Return the status of a cell whose process left neither a result nor an exception, and the reason.

    Args:
        exit_code: negative for a signal, as in `multiprocessing`.
        killed_by_kernel: whether the kernel has killed a process meanwhile because memory ran out.
    """
    if exit_code == -signal.SIGKILL and killed_by_kernel:
        return "out_of_memory", "killed by the operating system (SIGKILL) because memory ran out"
    if exit_code is not None and exit_code < 0:
        return "crashed", f"killed by {_signal_name(-exit_code)}"
    return "crashed", f"ended without a result (exit status {exit_code})"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"
