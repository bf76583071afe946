"""The thread budget reaches libraries that the process has loaded already."""

import threadpoolctl
import torch

from benchmarks.hardware.thread_pools import limit_thread_pools


def test_every_loaded_pool_keeps_to_the_budget():
    before = torch.get_num_threads()
    with threadpoolctl.threadpool_limits():  # restores the pools
        try:
            limit_thread_pools(1)
            assert torch.get_num_threads() == 1
            pools = threadpoolctl.threadpool_info()
            assert pools
            assert {pool["num_threads"] for pool in pools} == {1}
        finally:
            torch.set_num_threads(before)
