"""Memory of freed tensors: kept by the process while it trains, given back to the kernel while it scores."""

import ctypes
import platform
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Batch = TypeVar("Batch")

TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD, MMAP_MAX = -1, -2, -3, -4
"""Parameter numbers of mallopt(3)."""

KEEPING = {MMAP_MAX: 0, TRIM_THRESHOLD: -1, TOP_PAD: 2**28}
"""Allocate from the heap only, which grows by at least 256 MiB and never shrinks."""

USUAL = {MMAP_MAX: 65_536, MMAP_THRESHOLD: 2**25, TRIM_THRESHOLD: 2**26, TOP_PAD: 2**17}
"""Defaults of glibc, with the thresholds it sets after a block of 32 MiB was freed."""

BATCHES_PER_TRIM = 16
"""The heap is trimmed after each group of so many batches: often enough to bound it, too rarely to cost time."""


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Let this process keep the memory that is freed in the block; give it back at the end.

    glibc maps each block of over 32 MiB separately and returns it to the kernel when it is freed; a training step's
    activations are such blocks, and every page of them costs a fault to zero it, at every step. Nothing is changed
    where the C library is not glibc.
    """
    libc = _glibc()
    if libc is None:
        yield
        return
    _set(libc, KEEPING)
    try:
        yield
    finally:
        _set(libc, USUAL)
        _trim(libc)


def freed_memory_returned(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Yield each batch; give the memory of those before it back to the kernel from time to time.

    Tensors of batches whose lengths differ leave gaps in glibc's heap that the next ones do not fit, so the heap would
    grow with the number of batches. Nothing is given back where the C library is not glibc.
    """
    for number, batch in enumerate(batches, start=1):
        yield batch
        if number % BATCHES_PER_TRIM == 0 and (libc := _glibc()) is not None:
            _trim(libc)


def _glibc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None


def _trim(libc: ctypes.CDLL) -> None:
    libc.malloc_trim(ctypes.c_size_t(0))


def _set(libc: ctypes.CDLL, options: dict[int, int]) -> None:
    for option, value in options.items():
        libc.mallopt(option, value)
