"""The only clock: wall time between two device synchronisations."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch

from models.model import Device

T = TypeVar("T")


def synchronizer(device: Device) -> Callable[[], None]:
    """Return a function that waits until `device` has done all its work; a CPU works synchronously."""
    return torch.cuda.synchronize if device == "cuda" else lambda: None


@dataclass(frozen=True)
class Clock:
    """Times calls.

    Attributes:
        synchronize: waits for the device.
        now: seconds since a fixed moment, never going back.
    """

    synchronize: Callable[[], None]
    now: Callable[[], float] = time.perf_counter

    def time(self, call: Callable[[], T]) -> tuple[T, float]:
        """Return the value of `call`, and the seconds that exactly this one call took."""
        start = self.read()
        value = call()
        return value, self.read() - start

    def read(self) -> float:
        """Synchronise the device and return the time in seconds."""
        self.synchronize()
        return self.now()
