"""The thread pools of numerical libraries, kept to a number of threads."""

import torch
from threadpoolctl import threadpool_limits

from benchmarks.hardware.sharing import leave_room


def limit_thread_pools(count: int) -> None:
    """Let torch and the loaded BLAS and OpenMP libraries use `count` threads each, from now on.

    Torch uses fewer while other processes keep processors busy, see `benchmarks.hardware.sharing`. Variables such as
    `OMP_NUM_THREADS` come too late for a library that the process has loaded already.
    """
    threadpool_limits(limits=count)
    torch.set_num_threads(count)
    leave_room(count, torch.set_num_threads)
