"""Each check has a process of its own: what a process claimed before decides where its next block lies."""

import ctypes
import os
import platform
import resource
import subprocess
import sys

import psutil
import pytest

from benchmarks.hardware.origin import CHECKOUT
from models.neural.allocator import BATCHES_PER_TRIM, freed_memory_kept, freed_memory_returned

SIZE = 2**26
PAGES = SIZE // resource.getpagesize()

libc = ctypes.CDLL(None)
libc.malloc.restype = libc.memset.restype = ctypes.c_void_p
libc.malloc.argtypes, libc.free.argtypes = (ctypes.c_size_t,), (ctypes.c_void_p,)
libc.memset.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t)


def page_faults():
    """Page faults of four blocks, one after the other."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(4):
        block = libc.malloc(SIZE)
        libc.memset(block, 1, SIZE)
        libc.free(block)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def resident_after():
    """Claim a block with a smaller one above it, free it; the bytes that stay resident."""
    before = psutil.Process().memory_info().rss
    block = libc.malloc(SIZE)
    libc.memset(block, 1, SIZE)
    libc.malloc(SIZE // 8)
    libc.free(block)
    return psutil.Process().memory_info().rss - before


def a_block_claimed_again_costs_no_page_faults():
    with freed_memory_kept():
        page_faults()
        assert page_faults() < 0.1 * PAGES


def afterwards_what_was_kept_is_given_back():
    before = psutil.Process().memory_info().rss
    with freed_memory_kept():
        assert resident_after() > 0.9 * SIZE
    assert psutil.Process().memory_info().rss < before + 0.1 * SIZE


def afterwards_freed_blocks_go_back_at_once():
    with freed_memory_kept():
        pass
    assert page_faults() > 2 * PAGES
    assert resident_after() < 0.1 * SIZE


def scoring_gives_back_the_gaps_in_the_heap():
    blocks = [libc.malloc(2**16) for _ in range(SIZE // 2**16 + 1)]
    for block in blocks:
        libc.memset(block, 1, 2**16)
    for block in blocks[:-1]:  # the last one lies above them and is in use: the heap cannot shrink from its top
        libc.free(block)
    before = psutil.Process().memory_info().rss
    assert list(freed_memory_returned(range(BATCHES_PER_TRIM - 1))) == list(range(BATCHES_PER_TRIM - 1))
    assert psutil.Process().memory_info().rss > before - 0.1 * SIZE  # too few batches for a trim
    assert list(freed_memory_returned(range(BATCHES_PER_TRIM))) == list(range(BATCHES_PER_TRIM))
    assert psutil.Process().memory_info().rss < before - 0.9 * SIZE


def it_ends_when_the_block_fails():
    with pytest.raises(FloatingPointError), freed_memory_kept():
        raise FloatingPointError
    assert page_faults() > 2 * PAGES


def another_c_library_is_left_alone():
    platform.libc_ver = lambda: ("", "")
    with freed_memory_kept():
        assert page_faults() > 2 * PAGES
    assert list(freed_memory_returned(range(2 * BATCHES_PER_TRIM))) == list(range(2 * BATCHES_PER_TRIM))


CHECKS = (
    a_block_claimed_again_costs_no_page_faults,
    afterwards_what_was_kept_is_given_back,
    afterwards_freed_blocks_go_back_at_once,
    scoring_gives_back_the_gaps_in_the_heap,
    it_ends_when_the_block_fails,
    another_c_library_is_left_alone,
)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library's allocator is left alone")
@pytest.mark.parametrize("check", [check.__name__ for check in CHECKS])
def test_the_allocator(check):
    command = [sys.executable, __file__, check]
    environment = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr


if __name__ == "__main__":
    {check.__name__: check for check in CHECKS}[sys.argv[1]]()
