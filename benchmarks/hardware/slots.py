"""Shares of a machine. One cell at a time runs in each, so that no cell's throughput is measured beside another's."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.errors import UsageError

MOST_DEVICES = 1_024
"""For a cell; no machine has as many."""

Slots = Mapping[str, "Sequence[Slot]"]
"""Device, as cells name it -> the slots of its cells. Cells of different devices never run side by side."""


@dataclass(frozen=True)
class Slot:
    """A share of a machine.

    Attributes:
        threads: processors that are the cell's own.
        gpu: the GPU that is the cell's own, or several, as `CUDA_VISIBLE_DEVICES` names them.
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


def grouped(slots: Sequence[Slot], devices: int) -> Sequence[Slot]:
    """The slots of cells that each train on so many devices: as many GPUs together; a CPU's processors always are."""
    if any(slot.gpu is None for slot in slots):
        return slots
    groups = zip(*[iter(slots)] * devices, strict=False)  # GPUs that are left over stay idle
    return [Slot(sum(slot.threads for slot in group), ",".join(str(slot.gpu) for slot in group)) for group in groups]


def check_devices(devices: int, available: int, what: str, where: str) -> None:
    """Make sure that a cell can have so many devices.

    Raises:
        UsageError: there are not as many.
    """
    if devices > available:
        choices = "1" if available <= 1 else f"1 to {available}"
        raise UsageError(
            f"--devices-per-cell {devices}: a cell can have {available} of the {what} of {where} (choices: {choices})"
        )


def threads() -> int:
    """Processors that this process may use: `OMP_NUM_THREADS` where that is a number, else all that it may run on."""
    limit = os.environ.get("OMP_NUM_THREADS", "")
    if limit.isdecimal() and int(limit) > 0:
        return int(limit)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
