"""Page faults of the stock LSTM of `padded_lstm`, by what the heap keeps: `python page_faults.py FILE.csv`.

A new process returns the memory of large tensors to the kernel and zeroes the pages again at each step. A process that
keeps it, as the trainings of this suite do, has no faults; one whose heap has free memory below a block in use, as
earlier work leaves it, has fewer.
"""

import csv
import resource
import sys
import time
from pathlib import Path

import torch
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.hardware.device import resolve_runtime
from benchmarks.hardware.fork_server import in_new_process
from benchmarks.hardware.processor import processor
from benchmarks.hardware.thread_pools import limit_thread_pools
from benchmarks.peers.padded_lstm import BATCH_SIZE, MAX_LENGTH, PaddedLstm, _train
from models.neural.allocator import freed_memory_kept

TEXTS, WORDS, READINGS = 320, 5_000, 3
MEBIBYTE = 2**18
"""Numbers of float32."""

HEAPS = ("new process", "after other work", "memory kept")


def read(heap: str) -> list[tuple[float, float, float, int]]:
    """Train three times; return of each the seconds, those of the processor for program and kernel, and page faults."""
    runtime = resolve_runtime("cpu", "fp32")
    limit_thread_pools(runtime.threads)
    torch.manual_seed(0)
    words, labels = torch.randint(1, WORDS, (TEXTS, MAX_LENGTH)), torch.randint(0, 2, (TEXTS,))
    batches = DataLoader(TensorDataset(words, labels), batch_size=BATCH_SIZE, shuffle=True)
    network = PaddedLstm(WORDS, 2)
    left = _leave_free_memory() if heap == "after other work" else None
    found = []
    for _ in range(READINGS):
        before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
        if heap == "memory kept":
            with freed_memory_kept():
                _train(network, batches, runtime)
        else:
            _train(network, batches, runtime)
        seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
        found.append(
            (
                seconds,
                after.ru_utime - before.ru_utime,
                after.ru_stime - before.ru_stime,
                after.ru_minflt - before.ru_minflt,
            )
        )
    del left
    return found


def _leave_free_memory() -> torch.Tensor:
    """Free 320 MiB of the heap below a block that stays in use."""
    blocks = [torch.empty(20 * MEBIBYTE) for _ in range(16)]
    left = torch.empty(100)
    blocks.clear()
    return left


def main(path: Path) -> None:
    """Take the readings of each heap in a process of its own, and write them."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["processor", "heap", "seconds", "program_seconds", "kernel_seconds", "page_faults"])
        for heap in HEAPS:
            for reading in in_new_process(read, heap):
                writer.writerow([processor(), heap, *(f"{value:.2f}" for value in reading[:3]), reading[3]])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
