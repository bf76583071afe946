"""Peak memory of this process."""

import resource
import sys


def peak_host_memory() -> int:
    """The most resident memory this process ever had, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # kilobytes everywhere but on macOS
