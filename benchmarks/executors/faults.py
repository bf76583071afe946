"""Exceptions and exit codes, as results report them."""

import errno
import signal

from benchmarks.errors import message_of, publishable
from benchmarks.schema.result import Status

OUT_OF_MEMORY = (
    "DefaultCPUAllocator: can't allocate memory",
    "CUDA error: out of memory",
    "ALLOC_FAILED",
    "MemoryError: ",
)
"""Messages of out-of-memory errors without a type of their own.

They are torch's on the CPU, CUDA's outside its allocator, and those of `distributed` that pass on another rank's error.
"""


def describe_exception(error: BaseException) -> tuple[Status, str]:
    """Return the status of a cell that an exception ended, and a reason that may be published."""
    message = message_of(error)
    sign = next((sign for sign in OUT_OF_MEMORY if sign in message), None)
    reason = publishable(error)
    if sign and ":" not in reason:
        reason = f"{reason}: {sign.rstrip(': ')}"
    out_of_memory = (
        sign is not None
        or isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
    )
    return ("out_of_memory" if out_of_memory else "failed"), reason


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
