"""Memory: the peak of this process, and the processes that the kernel ended for want of it."""

import re
import resource
import sys
from pathlib import Path


def peak_host_memory() -> int:
    """The most resident memory this process ever had, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # kilobytes everywhere but on macOS


def kernel_kills() -> int | None:
    """How many processes the kernel has ended since it started because memory ran out; None where it does not say."""
    try:
        found = re.search(r"^oom_kill (\d+)$", Path("/proc/vmstat").read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) if found else None
