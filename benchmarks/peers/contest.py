"""Two ways of doing the same work, timed in turns."""

import importlib
import shlex
import statistics
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

import numpy as np
import torch

from benchmarks.hardware.environment import environment
from benchmarks.hardware.slots import threads
from benchmarks.measurement.clock import Clock, synchronizer
from benchmarks.peers import PEERS
from benchmarks.registry.entries import entry, model_class
from benchmarks.schema.performance import PeerRow
from data.dataset import Dataset, IntArray
from losses.ce import CrossEntropy
from models.model import Model, Runtime, SilentMonitor

SAMPLE_SEED = 0
VALID_SHARE = 10
"""Training texts for each validation text; at least one for each of `LEAST_VALID`."""

LEAST_VALID = 50

Timed = Callable[[Clock], tuple[Any, float]]


@dataclass(frozen=True)
class Side:
    """One way of doing the work.

    Attributes:
        run: does it once; what came of it, and the seconds that the work took.
        labels: from what came of it, the (N,) classes named for the test texts; not timed.
    """

    run: Timed
    labels: Callable[[Any], IntArray] = lambda labels: labels


class Peer(Protocol):
    """What a peer's file holds."""

    OURS: tuple[str, ...]
    SIZES: tuple[int, int]
    WORK: str

    def sides(self, ours: str, data: Dataset, runtime: Runtime) -> tuple[Side, Side]:
        """Our model `ours` and the peer, ready to be timed."""


class TrainingTime(SilentMonitor):
    """A monitor that adds up the seconds of the optimizer steps, and of nothing else."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.seconds = clock, 0.0

    @contextmanager
    def training(self) -> Iterator[None]:
        """Time the steps of one epoch."""
        start = self.clock.read()
        yield
        self.seconds += self.clock.read() - start


def whole(call: Callable[[], Any]) -> Timed:
    """All that `call` does is the work."""
    return lambda clock: clock.time(call)


def text_to_labels(name: str, data: Dataset, runtime: Runtime) -> Side:
    """Ours, from training texts to a fitted model to the classes of the test texts, all of it timed."""

    def run() -> IntArray:
        model = model_class(name)()
        model.fit(data.train, data.valid, CrossEntropy(data.train.lengths), runtime)
        return predicted(model, data)

    return Side(whole(run))


def training_steps(name: str, data: Dataset, runtime: Runtime, **settings: Any) -> Side:
    """Ours, of which only the optimizer steps are timed."""

    def run(clock: Clock) -> tuple[Model, float]:
        model, time = model_class(name)(**settings), TrainingTime(clock)
        model.fit(data.train, data.valid, CrossEntropy(data.train.lengths), runtime, time)
        return model, time.seconds

    return Side(run, lambda model: predicted(model, data))


def predicted(model: Model, data: Dataset) -> IntArray:
    """(N,) the most probable class of each test text."""
    labels: IntArray = model.score(model.encode(data.test.texts)).argmax(axis=1)
    return labels


def hold(
    name: str, data: Dataset, runtime: Runtime, repeats: int, sizes: tuple[int | None, int | None] = (None, None)
) -> Iterator[PeerRow]:
    """A row for each of our models that the peer meets; a fault on either side is a row, too.

    Args:
        name: of the peer.
        data: whose training and test texts are drawn from.
        runtime: of ours; the peer runs as its defaults have it.
        repeats: readings of each side, taken in turns.
        sizes: training and test texts; None takes the peer's own.
    """
    torch.set_num_threads(threads())
    peer = cast(Peer, importlib.import_module(PEERS[name]))
    part = _part(data, *(own if wanted is None else wanted for wanted, own in zip(sizes, peer.SIZES, strict=True)))
    for ours in peer.OURS:
        row = PeerRow(
            name=ours,
            peer=name,
            work=peer.WORK,
            dataset=data.name,
            train_size=len(part.train),
            test_size=len(part.test),
            precision=entry("models", ours).runtime(runtime).precision,
            environment=environment(),
            command=command(),
        )
        try:
            yield _time(row, peer.sides(ours, part, runtime), part.test.labels, repeats, runtime)
        except Exception as error:  # noqa: BLE001  (whatever goes wrong in a peer's code is a finding)
            traceback.print_exc()
            reason = f"{type(error).__name__}: {error}".strip().splitlines()[0]
            yield row.model_copy(update={"status": "failed", "reason": reason})


def command() -> str:
    """What was typed."""
    return shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]])


def _time(row: PeerRow, sides: Sequence[Side], labels: IntArray, repeats: int, runtime: Runtime) -> PeerRow:
    clock = Clock(synchronizer(runtime.device))
    seconds: tuple[list[float], list[float]] = ([], [])
    outcomes: list[Any] = [None, None]
    for repeat in range(repeats):
        for which in (0, 1) if repeat % 2 == 0 else (1, 0):  # drift meets both alike
            outcomes[which], taken = sides[which].run(clock)
            seconds[which].append(taken)
    ours, theirs = (side.labels(outcome) for side, outcome in zip(sides, outcomes, strict=True))
    return row.model_copy(
        update={
            "seconds": seconds[0],
            "peer_seconds": seconds[1],
            "ratio": statistics.median(seconds[1]) / statistics.median(seconds[0]),
            "accuracy": float((ours == labels).mean()),
            "peer_accuracy": float((theirs == labels).mean()),
            "agreement": float((ours == theirs).mean()),
        }
    )


def _part(data: Dataset, train_size: int, test_size: int) -> Dataset:
    train = data.train.sample(min(train_size, len(data.train)), SAMPLE_SEED)
    valid_size = max(LEAST_VALID, len(train) // VALID_SHARE)
    return replace(
        data,
        train=train,
        valid=data.valid.sample(min(valid_size, len(data.valid)), SAMPLE_SEED),
        test=data.test.sample(min(test_size, len(data.test)), SAMPLE_SEED),
    )


def class_indices(names: Sequence[str]) -> IntArray:
    """(N,) the number at the end of each label: `__label__1`, `LABEL_1`."""
    return np.array([int(name.rpartition("_")[2]) for name in names], dtype=np.int64)
