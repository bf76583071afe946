"""The only clock: wall time between two moments at which the device has nothing left to do."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import torch

from benchmarks.cell import Measurement
from models.model import Device, Shape

T = TypeVar("T")

WARMUP_STEPS = 5
"""First optimizer steps of a training, left out of its rate: allocators, caches and kernels settle in them."""

SPAN_STEPS = 10
"""Optimizer steps between two readings: a device is synchronised once a span, not once a step."""


def synchronizer(device: Device) -> Callable[[], None]:
    """What waits until `device` has done all that was asked of it; a CPU works synchronously."""
    return torch.cuda.synchronize if device == "cuda" else lambda: None


@dataclass(frozen=True)
class Clock:
    """Times calls.

    Attributes:
        synchronize: waits for the device.
        now: seconds since some moment, never going back.
    """

    synchronize: Callable[[], None]
    now: Callable[[], float] = time.perf_counter

    def time(self, call: Callable[[], T]) -> tuple[T, float]:
        """What `call` returns, and the seconds that exactly this one call took."""
        start = self.read()
        value = call()
        return value, self.read() - start

    def read(self) -> float:
        """The moment at which the device has nothing left to do."""
        self.synchronize()
        return self.now()


@dataclass
class TrainingMonitor:
    """Reads the clock during training and passes on how far it is.

    Attributes:
        clock: the clock.
        progress: called with the steps done and planned after every step.
        spans: what was measured: readings of `SPAN_STEPS` steps (fewer at the end of an epoch), without the first
            `WARMUP_STEPS` steps and without validation.
    """

    clock: Clock
    progress: Callable[[int, int], None]
    spans: Measurement = field(
        default_factory=lambda: Measurement(phase="train_steps", examples=[], tokens=[], seconds=[])
    )
    _warm: bool = False
    _start: float = 0.0
    _steps: int = 0
    _examples: int = 0
    _tokens: int = 0
    _padded: int = 0
    _squares: int = 0

    @contextmanager
    def training(self) -> Iterator[None]:
        """Time the optimizer steps of one epoch."""
        self._begin_span()
        yield
        if self._warm and self._steps:
            self._end_span()

    def step(self, done: int, total: int, examples: int, tokens: int, shapes: Sequence[Shape]) -> None:
        """Count a step; close the span when it is full, and drop what it holds at the end of the warm-up."""
        self.progress(done, total)
        self._steps += 1
        self._examples += examples
        self._tokens += tokens
        self._padded += sum(rows * length for rows, length in shapes)
        self._squares += sum(rows * length**2 for rows, length in shapes)
        if done == WARMUP_STEPS:
            self._warm = True
            self._begin_span()
        elif self._warm and self._steps == SPAN_STEPS:
            self._end_span()
            self._begin_span()

    def _begin_span(self) -> None:
        self._start, self._steps, self._examples, self._tokens = self.clock.read(), 0, 0, 0
        self._padded, self._squares = 0, 0

    def _end_span(self) -> None:
        self.spans.seconds.append(self.clock.read() - self._start)
        self.spans.examples.append(self._examples)
        self.spans.tokens.append(self._tokens)
        self.spans.padded_tokens.append(self._padded)
        self.spans.padded_squares.append(self._squares)
