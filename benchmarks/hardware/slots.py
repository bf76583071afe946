"""Shares of a machine's processors and GPUs; each runs one cell at a time, so that timings do not interfere."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.errors import UsageError
from benchmarks.hardware.control_groups import processor_quota

MOST_DEVICES = 1_024
"""Upper limit of the devices of a cell, above that of any machine."""

Slots = Mapping[str, "Sequence[Slot]"]
"""Device, as cells name it -> the slots of its cells. Cells of different devices never run side by side."""


@dataclass(frozen=True)
class Slot:
    """A share of a machine.

    Attributes:
        threads: number of processors reserved for the cell.
        gpu: the GPU reserved for the cell, or several, as `CUDA_VISIBLE_DEVICES` names them.
    """

    threads: int
    gpu: str | None = None

    def environment(self) -> dict[str, str]:
        """Return the environment variables that keep a process in this slot; `threads()` reads the first one."""
        threads = {name: str(self.threads) for name in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS")}
        return threads if self.gpu is None else {**threads, "CUDA_VISIBLE_DEVICES": self.gpu}


def share(threads: int, gpus: Sequence[str] = ()) -> dict[str, list[Slot]]:
    """Divide a machine: a cell on the CPU has all processors, one on a GPU has the GPU and its part of them."""
    each = max(1, threads // max(1, len(gpus)))
    return {"cpu": [Slot(threads)], "cuda": [Slot(each, gpu) for gpu in gpus]}


def grouped(slots: Sequence[Slot], devices: int) -> Sequence[Slot]:
    """Join GPU slots into slots of `devices` GPUs each; GPUs left over stay idle. A CPU's slot stays as it is."""
    if any(slot.gpu is None for slot in slots):
        return slots
    groups = zip(*[iter(slots)] * devices, strict=False)
    return [Slot(sum(slot.threads for slot in group), ",".join(str(slot.gpu) for slot in group)) for group in groups]


def check_devices(devices: int, available: int, kind: str, place: str) -> None:
    """Make sure that a cell can have `devices` devices.

    Raises:
        UsageError: fewer are available.
    """
    if devices > available:
        choices = "1" if available <= 1 else f"1 to {available}"
        raise UsageError(
            f"{place} has {available} {kind} for a cell (choices: {choices})", option="devices_per_cell", value=devices
        )


def threads() -> int:
    """Return the number of processors that this process may use; the only source of it.

    `OMP_NUM_THREADS` where it is a positive number, which is how a slot limits a cell. Else the processors that the
    process may run on, or fewer where a quota of its control group pays for fewer.
    """
    limit = os.environ.get("OMP_NUM_THREADS", "")
    if limit.isdecimal() and int(limit) > 0:
        return int(limit)
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = processor_quota()
    return allowed if quota is None else max(1, min(allowed, math.floor(quota)))
