"""The monitor of a training: progress, the time of optimizer steps, and checkpoints."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.cells.checkpoint import Checkpoint, Spent
from benchmarks.measurement.clock import Clock
from benchmarks.schema.measurements import Measurement
from models.model import Shape, TrainingState

WARMUP_STEPS = 5
"""First optimizer steps of a training, left out of its rate: allocators, caches and kernels settle in them."""

SPAN_STEPS = 10
"""Optimizer steps between two readings: a device is synchronised once a span, not once a step."""

CHECKPOINT_SECONDS = 60.0
"""Seconds since a training began, or since its last checkpoint, after which the end of an epoch writes one.

Short cells never write any, and an interruption loses no more than a minute and an epoch. The state of DistilBERT,
three or four times its weights, is up to 1 GB, which an ordinary disk takes in under 5 s, no part of `fit`."""


@dataclass
class _Span:
    """Optimizer steps since the last reading of the clock, with their texts and tokens."""

    start: float
    steps: int = 0
    examples: int = 0
    tokens: int = 0
    padded_tokens: int = 0
    padded_squares: int = 0


@dataclass
class StepTimer:
    """Times optimizer steps in spans of `SPAN_STEPS` (fewer at the end of an epoch), without the warm-up.

    Attributes:
        clock: reads the time.
        spans: the "train_steps" measurement so far.
    """

    clock: Clock
    spans: Measurement = field(
        default_factory=lambda: Measurement(phase="train_steps", examples=[], tokens=[], seconds=[])
    )
    _steps: int = 0
    _span: _Span = field(default_factory=lambda: _Span(0.0))

    def begin(self) -> None:
        """Begin a span: at the start of an epoch, or when the previous span is full."""
        self._span = _Span(self.clock.read())

    def count(self, examples: int, tokens: int, shapes: Sequence[Shape]) -> None:
        """Count a step; end the span when it is full, and drop it at the end of the warm-up."""
        self._steps += 1
        self._span.steps += 1
        self._span.examples += examples
        self._span.tokens += tokens
        self._span.padded_tokens += sum(rows * length for rows, length in shapes)
        self._span.padded_squares += sum(rows * length**2 for rows, length in shapes)
        if self._steps == WARMUP_STEPS:
            self.begin()
        elif self._steps > WARMUP_STEPS and self._span.steps == SPAN_STEPS:
            self._keep()
            self.begin()

    def end(self) -> None:
        """End the last span of an epoch."""
        if self._steps >= WARMUP_STEPS and self._span.steps:
            self._keep()

    def _keep(self) -> None:
        self.spans.seconds.append(self.clock.read() - self._span.start)
        self.spans.examples.append(self._span.examples)
        self.spans.tokens.append(self._span.tokens)
        self.spans.padded_tokens.append(self._span.padded_tokens)
        self.spans.padded_squares.append(self._span.padded_squares)


class TrainingMonitor:
    """A model's `Monitor` within a cell: times the training, reports its progress and keeps checkpoints of it.

    Attributes:
        parts: seconds of each part of the training, the latest last; several if it resumed from a checkpoint. An
            earlier part lasts from its beginning to its last checkpoint: later steps are lost, and are trained and
            counted again, as is the preparation of the data. The time to write checkpoints is left out.
        pruned: whether the training was ended early.
    """

    def __init__(
        self,
        clock: Clock,
        progress: Callable[[int, int], None],
        checkpoint: Checkpoint | None = None,
        prune_below: Sequence[float] = (),
    ) -> None:
        """Make a monitor for one training.

        Args:
            clock: reads the time.
            progress: called with the optimizer steps done and planned after every step.
            checkpoint: where the training's state is kept; None keeps none.
            prune_below: the metric of validation after each epoch below which the training ends.
        """
        self.parts: list[float] = []
        self.pruned = False
        self._prune_below = prune_below
        self._clock, self._progress, self._checkpoint = clock, progress, checkpoint
        self._timer = StepTimer(clock)
        self._began = self._last_checkpoint = self._writing = 0.0

    @property
    def spans(self) -> Measurement:
        """The "train_steps" measurement, earlier parts included."""
        return self._timer.spans

    @contextmanager
    def fitting(self) -> Iterator[None]:
        """Time the call of `fit` within the block, and add it to `parts`."""
        self._began = self._last_checkpoint = self._clock.read()
        yield
        self.parts.append(self._part(self._clock.read()))

    @contextmanager
    def training(self) -> Iterator[None]:
        """Time the optimizer steps of one epoch."""
        self._timer.begin()
        yield
        self._timer.end()

    def step(self, done: int, total: int, examples: int, tokens: int, shapes: Sequence[Shape]) -> None:
        """Report and count an optimizer step."""
        self._progress(done, total)
        self._timer.count(examples, tokens, shapes)

    def validated(self, epoch: int, metric: float) -> bool:
        """Return whether the metric of validation after an epoch is high enough for training to go on."""
        if epoch <= len(self._prune_below) and metric < self._prune_below[epoch - 1]:
            self.pruned = True
        return not self.pruned

    def restore(self) -> TrainingState | None:
        """Return the checkpoint of this cell's training, if there is one; its readings are taken over."""
        found = self._checkpoint.read() if self._checkpoint else None
        if found is None:
            return None
        state, spent = found
        self.parts, self._timer.spans = spent.parts, spent.spans
        return state

    def keep(self, state: Callable[[], TrainingState]) -> None:
        """Write a checkpoint if `CHECKPOINT_SECONDS` have passed."""
        now = self._clock.read()
        if self._checkpoint is None or now - self._last_checkpoint < CHECKPOINT_SECONDS:
            return
        self._checkpoint.write(state(), Spent(parts=[*self.parts, self._part(now)], spans=self.spans))
        self._last_checkpoint = self._clock.read()
        self._writing += self._last_checkpoint - now

    def _part(self, now: float) -> float:
        """Seconds of the latest part until `now`, checkpoints left out."""
        return now - self._began - self._writing
