"""Shares of a machine. One cell at a time runs in each, so that no cell's throughput is measured beside another's."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Slots = Mapping[str, "Sequence[Slot]"]
"""Device, as cells name it -> the slots of its cells. Cells of different devices never run side by side."""


@dataclass(frozen=True)
class Slot:
    """A share of a machine.

    Attributes:
        threads: processors that are the cell's own.
        gpu: the GPU that is the cell's own, as `CUDA_VISIBLE_DEVICES` names it.
    """

    threads: int
    gpu: str | None = None

    def environment(self) -> dict[str, str]:
        """The variables that keep a process in this slot."""
        threads = {name: str(self.threads) for name in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS")}
        return threads if self.gpu is None else {**threads, "CUDA_VISIBLE_DEVICES": self.gpu}


def share(threads: int, gpus: Sequence[str] = ()) -> dict[str, list[Slot]]:
    """A machine's slots: a cell on the CPU has all processors to itself; one on a GPU, it and its part of them."""
    each = max(1, threads // max(1, len(gpus)))
    return {"cpu": [Slot(threads)], "cuda": [Slot(each, gpu) for gpu in gpus]}


def threads() -> int:
    """Processors that this process may use: `OMP_NUM_THREADS` where that is a number, else all that it may run on."""
    limit = os.environ.get("OMP_NUM_THREADS", "")
    if limit.isdecimal() and int(limit) > 0:
        return int(limit)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
