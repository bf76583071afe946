"""Importing this module lets the kernel kill the process as soon as the thread that started it has ended.

It is for the fork server, whose only code of this project is what it imports: it may import for many seconds, and would
go on after the process that started it was killed. Linux only; elsewhere the server ends when it has imported all.
"""

import ctypes
import os
import signal
import sys

PARENT = "BENCHMARKS_FORK_SERVER_PARENT"
"""Environment variable with the process id of the parent, which may have ended before this module is imported."""

PR_SET_PDEATHSIG = 1

if sys.platform == "linux":
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = str(os.getppid())
    if os.environ.pop(PARENT, parent) != parent:
        os._exit(1)
