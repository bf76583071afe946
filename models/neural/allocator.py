"""Keep the memory that training frees at every step from going back to the kernel."""

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager

TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD, MMAP_MAX = -1, -2, -3, -4
"""Parameter numbers of mallopt(3)."""

KEEPING = {MMAP_MAX: 0, TRIM_THRESHOLD: -1, TOP_PAD: 2**28}
"""Allocate from the heap only, which grows by at least 256 MiB and never shrinks."""

USUAL = {MMAP_MAX: 65_536, MMAP_THRESHOLD: 2**25, TRIM_THRESHOLD: 2**26, TOP_PAD: 2**17}
"""Defaults of glibc, with the thresholds it sets after a block of 32 MiB was freed."""


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Let this process keep the memory that is freed in the block; give it back at the end.

    glibc maps each block of over 32 MiB separately and returns it to the kernel when it is freed; a training step's
    activations are such blocks, and every page of them costs a fault to zero it, at every step. Nothing is changed
    where the C library is not glibc.
    """
    if platform.libc_ver()[0] != "glibc":
        yield
        return
    libc = ctypes.CDLL(None)
    _set(libc, KEEPING)
    try:
        yield
    finally:
        _set(libc, USUAL)
        libc.malloc_trim(ctypes.c_size_t(0))


def _set(libc: ctypes.CDLL, options: dict[int, int]) -> None:
    for option, value in options.items():
        libc.mallopt(option, value)
