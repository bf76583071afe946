"""Memory: the peak of this process, and the processes that the kernel killed because memory ran out."""

import re
import resource
import sys
from pathlib import Path

from data.memory import of_process


def peak_host_memory() -> int:
    """Return the largest resident memory that this process ever had, in bytes.

    On Linux it is the kernel's count for this program: `ru_maxrss` survives `exec`, so that a process that another one
    spawns would begin with the peak of that one.
    """
    if (own := of_process("VmHWM")) is not None:
        return own
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # kilobytes everywhere but on macOS


def kernel_kills() -> int | None:
    """Number of processes that the kernel has killed for lack of memory since it started; None where it keeps none."""
    try:
        found = re.search(r"^oom_kill (\d+)$", Path("/proc/vmstat").read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) if found else None
