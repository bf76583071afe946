import ctypes
import platform
import resource

import psutil
import pytest

from models.allocator import freed_memory_kept

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library's allocator is left alone")

SIZE = 2**26
PAGES = SIZE // resource.getpagesize()


@pytest.fixture(scope="module")
def libc():
    functions = ctypes.CDLL(None)
    functions.malloc.restype = functions.memset.restype = ctypes.c_void_p
    functions.malloc.argtypes, functions.free.argtypes = (ctypes.c_size_t,), (ctypes.c_void_p,)
    functions.memset.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t)
    return functions


@pytest.fixture
def page_faults(libc):
    """Page faults of four blocks, one after the other."""

    def count():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(4):
            block = libc.malloc(SIZE)
            libc.memset(block, 1, SIZE)
            libc.free(block)
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    return count


@pytest.fixture
def resident_after(libc):
    """Claim a block with a smaller one above it, free it; the bytes that stay resident."""
    above = []

    def measure():
        before = psutil.Process().memory_info().rss
        block = libc.malloc(SIZE)
        libc.memset(block, 1, SIZE)
        above.append(libc.malloc(SIZE // 8))
        libc.free(block)
        return psutil.Process().memory_info().rss - before

    yield measure
    for block in above:
        libc.free(block)


def test_a_block_claimed_again_costs_no_page_faults(page_faults):
    with freed_memory_kept():
        page_faults()
        assert page_faults() < 0.1 * PAGES


def test_afterwards_what_was_kept_is_given_back(resident_after):
    before = psutil.Process().memory_info().rss
    with freed_memory_kept():
        assert resident_after() > 0.9 * SIZE
    assert psutil.Process().memory_info().rss < before + 0.1 * SIZE


def test_afterwards_freed_blocks_go_back_at_once(page_faults, resident_after):
    with freed_memory_kept():
        pass
    assert page_faults() > 2 * PAGES
    assert resident_after() < 0.1 * SIZE


def test_it_ends_when_the_block_fails(page_faults):
    with pytest.raises(FloatingPointError), freed_memory_kept():
        raise FloatingPointError
    assert page_faults() > 2 * PAGES


def test_another_c_library_is_left_alone(monkeypatch, page_faults):
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    with freed_memory_kept():
        assert page_faults() > 2 * PAGES
