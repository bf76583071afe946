"""Energy from the hardware's own counters: NVML's on an NVIDIA GPU, RAPL's for the processors.

A counter counts the whole device: what it draws at rest and for other processes, too.
"""

import importlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import torch

from models.model import Device

T = TypeVar("T")

POWERCAP = Path("/sys/class/powercap")

SAMPLE_SECONDS = 30.0
"""Longest time between two readings: RAPL's counters start again from 0 after a few minutes of much work."""


@dataclass(frozen=True)
class Counter:
    """A counter of energy.

    Attributes:
        name: what counts.
        read: joules since some moment.
        wraps_at: joules at which it starts again from 0; None: never.
    """

    name: str
    read: Callable[[], float]
    wraps_at: float | None = None


@dataclass
class Meter:
    """Adds up what the counters counted.

    Attributes:
        counters: those that can be read; none: nothing is measured.
        missing: why others cannot.
        total: joules from the first reading to the latest.
    """

    counters: Sequence[Counter]
    missing: str = ""
    total: float = 0.0
    _last: dict[str, float] = field(default_factory=dict)
    _sampled: float = 0.0

    @property
    def source(self) -> str:
        """What the joules are counted by, or why there are none."""
        counted = " + ".join(counter.name for counter in self.counters)
        return "; ".join(filter(None, [counted, self.missing and f"not measured: {self.missing}"]))

    def measure(self, call: Callable[[], T]) -> tuple[T, list[float]]:
        """What `call` returns, and the joules meanwhile; none where there is no counter."""
        self.read()
        before = self.total
        value = call()
        self.read()
        return value, [self.total - before] if self.counters else []

    def sample(self) -> None:
        """Read the counters if that was not done for long; cheap enough to be called after every step."""
        if time.monotonic() - self._sampled > SAMPLE_SECONDS:
            self.read()

    def read(self) -> None:
        """Read the counters, each at most once around since the last time."""
        self._sampled = time.monotonic()
        for counter in self.counters:
            now = counter.read()
            moved = now - self._last.get(counter.name, now)
            self.total += moved + (counter.wraps_at or 0.0 if moved < 0 else 0.0)
            self._last[counter.name] = now


def meter(device: Device, devices: int = 1) -> Meter:
    """Of the processors, and of the first GPUs, so many, if `device` is one."""
    found = rapl_counters(POWERCAP)
    missing = [] if found else [f"no readable RAPL counter in {POWERCAP}"]
    if device == "cuda":
        try:
            uuids = [str(torch.cuda.get_device_properties(index).uuid) for index in range(devices)]
            names = ["NVML"] if devices == 1 else [f"NVML {index}" for index in range(devices)]
            found[:0] = map(nvml_counter, uuids, names)
        except ImportError:
            missing.insert(0, "NVML needs nvidia-ml-py (pip install '.[energy]')")
        except RuntimeError as error:
            missing.insert(0, str(error))
    return Meter(found, "; ".join(missing))


def rapl_counters(powercap: Path) -> list[Counter]:
    """One for each processor package whose counter this user may read (Linux lets only root by default)."""
    counters = []
    for zone in sorted(powercap.glob("intel-rapl:[0-9]*")):
        if zone.name.count(":") > 1:
            continue  # a part of a package, which the package counts
        try:
            name = (zone / "name").read_text().strip()
            path = zone / "energy_uj"
            _microjoules(path)
            wraps_at = _microjoules(zone / "max_energy_range_uj")
        except (OSError, ValueError):
            continue
        if name.startswith("package"):
            counters.append(Counter(f"RAPL {name}", partial(_microjoules, path), wraps_at))
    return counters


def _microjoules(path: Path) -> float:
    """A counter of microjoules, in joules."""
    return int(path.read_text()) / 1e6


def nvml_counter(uuid: str, name: str = "NVML") -> Counter:
    """The GPU of that uuid, as torch names it.

    Raises:
        ImportError: nvidia-ml-py is not installed.
        RuntimeError: NVML knows no such GPU, or it has no counter (before Volta).
    """
    nvml: Any = importlib.import_module("pynvml")
    try:
        nvml.nvmlInit()
        handle = nvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}")
        nvml.nvmlDeviceGetTotalEnergyConsumption(handle)
    except nvml.NVMLError as error:
        raise RuntimeError(f"NVML: {error}") from None
    return Counter(name, lambda: nvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1e3)
