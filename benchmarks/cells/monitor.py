"""Readings of the clock during training, and the state of a long one."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from benchmarks.cells.checkpoint import Checkpoint, Spent
from benchmarks.measurement.clock import Clock
from benchmarks.schema.measurements import Measurement
from models.model import Shape, TrainingState

T = TypeVar("T")

WARMUP_STEPS = 5
"""First optimizer steps of a training, left out of its rate: allocators, caches and kernels settle in them."""


SPAN_STEPS = 10
"""Optimizer steps between two readings: a device is synchronised once a span, not once a step."""


KEEP_AFTER = 60.0
"""Seconds since a training began, or was last kept, after which an epoch's end writes its state: short cells never do,
and no more than a minute and an epoch can be lost. A state of DistilBERT, three or four times its weights, is up to
1 GB, which an ordinary disk takes in under 5 s; those seconds are no part of `fit`."""


@dataclass
class TrainingMonitor:
    """Reads the clock during training, passes on how far it is, and keeps the state of a long one.

    Attributes:
        clock: the clock.
        progress: called with the steps done and planned after every step.
        checkpoint: where the state is kept; None keeps none.
        spans: what was measured: readings of `SPAN_STEPS` steps (fewer at the end of an epoch), without the first
            `WARMUP_STEPS` steps and without validation.
    """

    clock: Clock
    progress: Callable[[int, int], None]
    checkpoint: Checkpoint | None = None
    spans: Measurement = field(
        default_factory=lambda: Measurement(phase="train_steps", examples=[], tokens=[], seconds=[])
    )
    _earlier: list[float] = field(default_factory=list)
    _began: float = 0.0
    _kept: float = 0.0
    _aside: float = 0.0
    _warm: bool = False
    _taken: int = 0
    _start: float = 0.0
    _steps: int = 0
    _examples: int = 0
    _tokens: int = 0
    _padded: int = 0
    _squares: int = 0

    def fit(self, call: Callable[[], T]) -> tuple[T, list[float]]:
        """What `call`, a training that reports to this monitor, returns, and the seconds of its parts, this one last.

        It has several parts if it was interrupted and went on from a checkpoint: then each earlier one counts from its
        beginning to the last state kept of it. What was trained after that is lost, and trained and counted anew; so is
        the preparation of the data. Writing checkpoints is left out.
        """
        self._began = self._kept = self.clock.read()
        value = call()
        return value, [*self._earlier, self._this_part(self.clock.read())]

    def restore(self) -> TrainingState | None:
        """The state kept of this cell's training; its readings go on from there, too."""
        found = self.checkpoint.read() if self.checkpoint else None
        if found is None:
            return None
        state, spent = found
        self._earlier, self.spans = spent.parts, spent.spans
        return state

    def keep(self, state: Callable[[], TrainingState]) -> None:
        """Write the training's state if `KEEP_AFTER` seconds have passed."""
        now = self.clock.read()
        if self.checkpoint is None or now - self._kept < KEEP_AFTER:
            return
        self.checkpoint.write(state(), Spent(parts=[*self._earlier, self._this_part(now)], spans=self.spans))
        self._kept = self.clock.read()
        self._aside += self._kept - now

    def _this_part(self, now: float) -> float:
        return now - self._began - self._aside

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
        self._taken += 1
        self._steps += 1
        self._examples += examples
        self._tokens += tokens
        self._padded += sum(rows * length for rows, length in shapes)
        self._squares += sum(rows * length**2 for rows, length in shapes)
        if self._taken == WARMUP_STEPS:
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
