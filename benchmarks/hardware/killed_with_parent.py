"""Importing this module lets the kernel kill the process as soon as the thread that started it has ended.

The process also adopts orphans: processes that a cell left behind become its children, see `process_group.end_orphans`.

It is for the fork server, whose only code of this project is what it imports: it may import for many seconds, and would
go on after the process that started it was killed. Linux only; elsewhere the server ends when it has imported all.
"""

import ctypes
import os
import signal
import sys
import warnings

PARENT = "BENCHMARKS_FORK_SERVER_PARENT"
"""Environment variable with the process id of the parent, which may have ended before this module is imported."""

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

if sys.platform == "linux":
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    warnings.filterwarnings("ignore", message="forkserver: waitpid returned unexpected pid")  # an orphan that has ended
    parent = str(os.getppid())
    if os.environ.pop(PARENT, parent) != parent:
        os._exit(1)
