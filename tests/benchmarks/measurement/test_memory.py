"""The peak of a process is its own."""

import numpy as np

from benchmarks.hardware.fork_server import in_new_process
from benchmarks.measurement.memory import peak_host_memory

BYTES = 2**29


def test_a_peak_includes_what_was_freed():
    before = peak_host_memory()
    np.ones(before + BYTES, dtype=np.uint8)
    assert peak_host_memory() > before + BYTES


def test_a_new_process_does_not_begin_with_the_peak_of_the_one_that_started_it():
    own = np.ones(BYTES, dtype=np.uint8)
    assert peak_host_memory() > len(own)
    assert in_new_process(peak_host_memory) < peak_host_memory() - BYTES / 2
