"""Importing this module lets the kernel kill the process as soon as the thread that started it has ended.

It is for the fork server, whose only code of this project is what it imports: it may import for many seconds, and would
go on after the process that started it was killed. Linux only; elsewhere the server ends when it has imported all.
"""

import ctypes
import signal
import sys

PR_SET_PDEATHSIG = 1

if sys.platform == "linux":
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
