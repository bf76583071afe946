"""Energy from the hardware's own counters: NVML's on an NVIDIA GPU, RAPL's for the processors.

A counter covers the whole device: its draw at rest and for other processes too.
"""

import importlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch

from models.model import Device

POWERCAP = Path("/sys/class/powercap")

SAMPLE_SECONDS = 30.0
"""Longest time between two readings: RAPL's counters start again from 0 after a few minutes of much work."""


@dataclass(frozen=True)
class Counter:
    """A counter of energy.

    Attributes:
        name: of the counter and its device.
        read: joules since a fixed moment.
        wraps_at: joules at which it starts again from 0; None: never.
    """

    name: str
    read: Callable[[], float]
    wraps_at: float | None = None


@dataclass
class Meter:
    """Adds up the readings of counters.

    Attributes:
        counters: readable ones; without any, nothing is measured.
        missing: why other counters cannot be read.
        total: joules from the first reading to the latest.
    """

    counters: Sequence[Counter]
    missing: str = ""
    total: float = 0.0
    _last: dict[str, float] = field(default_factory=dict)
    _sampled: float = 0.0

    @property
    def source(self) -> str:
        """Names of the counters, and why others are missing."""
        counted = " + ".join(counter.name for counter in self.counters)
        return "; ".join(filter(None, [counted, self.missing and f"not measured: {self.missing}"]))

    @contextmanager
    def measuring(self) -> Iterator[list[float]]:
        """Measure the joules of the block; they are in the list when it ends, which stays empty without a counter."""
        joules: list[float] = []
        self.read()
        before = self.total
        yield joules
        self.read()
        if self.counters:
            joules.append(self.total - before)

    def sample(self) -> None:
        """Read the counters if the last reading is `SAMPLE_SECONDS` old; cheap enough to be called after every step."""
        if time.monotonic() - self._sampled > SAMPLE_SECONDS:
            self.read()

    def read(self) -> None:
        """Read the counters; each may have started again from 0 at most once since the last reading."""
        self._sampled = time.monotonic()
        for counter in self.counters:
            now = counter.read()
            moved = now - self._last.get(counter.name, now)
            self.total += moved + (counter.wraps_at or 0.0 if moved < 0 else 0.0)
            self._last[counter.name] = now


def meter(device: Device, devices: int = 1) -> Meter:
    """Meter the CPU packages and, on CUDA, the first `devices` GPUs."""
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
    """List the counters of CPU packages that this user may read (by default, Linux lets only root)."""
    counters = []
    for zone in sorted(powercap.glob("intel-rapl:[0-9]*")):
        if zone.name.count(":") > 1:
            continue  # a part of a package, which the package's counter includes
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
    """Read a counter of microjoules; joules."""
    return int(path.read_text()) / 1e6


def nvml_counter(uuid: str, name: str = "NVML") -> Counter:
    """Make the counter of the GPU of that uuid, as torch names it.

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
