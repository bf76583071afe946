"""Two implementations of the same work, timed in turns."""

import importlib
import shlex
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

import numpy as np

from benchmarks.errors import first_line
from benchmarks.hardware.environment import environment
from benchmarks.hardware.fork_server import in_new_process
from benchmarks.hardware.thread_pools import limit_thread_pools
from benchmarks.measurement.chance import above_majority
from benchmarks.measurement.clock import Clock, synchronizer
from benchmarks.measurement.load import load_between, observe
from benchmarks.peers import PEERS
from benchmarks.registry.code_version import code_version
from benchmarks.registry.entries import entry, model_class
from benchmarks.schema.cell import SAMPLE_SEED
from benchmarks.schema.performance import PeerRow
from data.dataset import Dataset, IntArray
from losses.ce import CrossEntropy
from models.model import Model, Runtime, SilentMonitor

VALID_SHARE = 10
"""Training texts for each validation text; at least one for each of `LEAST_VALID`."""

LEAST_VALID = 50

LEAST_READINGS = 3
"""Readings of each side from which a ratio is quoted."""

WARM_UP = 10.0
"""Seconds below which the first run of a side does not count: in a new process, libraries import and fill caches
at their first use, which takes up to a second."""

Timed = Callable[[Clock], tuple[Any, float]]


@dataclass(frozen=True)
class Side:
    """One implementation of the timed work.

    Attributes:
        run: does the work once; returns its outcome and the seconds it took.
        labels: outcome -> (N,) predicted classes of the test texts; not timed.
        precision: of its computation.
        batches: description of its batches; empty if it processes texts one by one or all at once.
    """

    run: Timed
    labels: Callable[[Any], IntArray] = lambda labels: labels
    precision: str = "fp32"
    batches: str = ""


class Peer(Protocol):
    """The contents of a peer's file.

    Attributes:
        OURS: models of this suite that the peer meets.
        SIZES: training and test texts.
        WORK: the timed work, in words.

    A peer that does not compute on every device of ours has a tuple `DEVICES` of those that it does.
    """

    OURS: tuple[str, ...]
    SIZES: tuple[int, int]
    WORK: str

    def sides(self, ours: str, data: Dataset, runtime: Runtime) -> tuple[Side, Side]:
        """Prepare our model `ours` and the peer, ready to be timed."""


class StepTime(SilentMonitor):
    """A monitor that adds up the seconds of the optimizer steps alone."""

    def __init__(self, clock: Clock) -> None:
        """Start at zero seconds."""
        self.clock, self.seconds = clock, 0.0

    @contextmanager
    def training(self) -> Iterator[None]:
        """Time the steps of one epoch."""
        start = self.clock.read()
        yield
        self.seconds += self.clock.read() - start


def whole(call: Callable[[], Any]) -> Timed:
    """Time all of `call`."""
    return lambda clock: clock.time(call)


def text_to_labels(name: str, data: Dataset, runtime: Runtime) -> Side:
    """Return our side for work from training texts to a fitted model to the classes of the test texts."""

    def run() -> IntArray:
        model = model_class(name)()
        model.fit(data.train, data.valid, CrossEntropy(data.train.lengths, data.train.labels), runtime)
        return predicted(model, data)

    return Side(whole(run), precision=runtime.precision)


def training_steps(name: str, data: Dataset, runtime: Runtime, **settings: Any) -> Side:
    """Return our side for the optimizer steps alone; predictions come from the epoch that is best on validation."""
    model_type = model_class(name)

    def run(clock: Clock) -> tuple[Model, float]:
        model, time = model_type(**settings), StepTime(clock)
        model.fit(data.train, data.valid, CrossEntropy(data.train.lengths, data.train.labels), runtime, time)
        return model, time.seconds

    batch_size = entry("models", name).settings(settings)["batch_size"]
    return Side(
        run,
        lambda model: predicted(model, data),
        precision=runtime.precision,
        batches=f"{batch_size}, grouped by length",
    )


def predicted(model: Model, data: Dataset) -> IntArray:
    """Return the most probable class of each test text, (N,)."""
    labels: IntArray = model.score(model.encode(data.test.texts)).argmax(axis=1)
    return labels


def contests(
    name: str, data: Dataset, runtime: Runtime, repeats: int, sizes: tuple[int | None, int | None] = (None, None)
) -> Iterator[PeerRow]:
    """Yield a row for each of our models that the peer meets; a fault on either side is a row, too.

    Each contest is timed in a process of its own, so that no earlier one changes its speed.

    Args:
        name: of the peer.
        data: training and test texts are drawn from it.
        runtime: of our model. The peer has the same device and threads, and its defaults' precision.
        repeats: readings of each side, taken in turns.
        sizes: training and test texts; None takes the peer's own.
    """
    peer = _peer(PEERS[name])
    train_size, test_size = (own if wanted is None else wanted for wanted, own in zip(sizes, peer.SIZES, strict=True))
    sample = _sample(data, train_size, test_size)
    for ours in peer.OURS:
        own_runtime = entry("models", ours).runtime(runtime)
        row = PeerRow(
            name=ours,
            peer=name,
            work=peer.WORK,
            dataset=data.name,
            data_fingerprint=data.fingerprint,
            train_size=len(sample.train),
            test_size=len(sample.test),
            device=own_runtime.device,
            precision=own_runtime.precision,
            encoder=encoder_of(ours),
            code=code_version(ours, "ce"),
            environment=environment() | {"threads": runtime.threads},
            command=command(),
        )
        if own_runtime.device not in getattr(peer, "DEVICES", (own_runtime.device,)):
            reason = f"{name} does not compute on {own_runtime.device}: choose its device with --device"
            yield row.model_copy(update={"status": "void", "reason": reason})
            continue
        try:
            yield in_new_process(_contest, PEERS[name], row, sample, repeats, own_runtime)
        except Exception as error:  # noqa: BLE001  (whatever goes wrong in a peer's code is a finding)
            traceback.print_exc()
            yield row.model_copy(update={"status": "failed", "reason": f"{type(error).__name__}: {first_line(error)}"})


def _peer(module: str) -> Peer:
    return cast(Peer, importlib.import_module(module))


def _contest(module: str, row: PeerRow, data: Dataset, repeats: int, runtime: Runtime) -> PeerRow:
    limit_thread_pools(runtime.threads)
    sides = _peer(module).sides(row.name, data, runtime)
    before = observe()
    timed = _timed(row, sides, data.test.labels, repeats, runtime)
    return timed.model_copy(update={"load": load_between(before, observe())})


def encoder_of(model: str) -> str:
    """Return the name of a model's pre-trained encoder; "" for a model without one."""
    parameters = entry("models", model).settings({})
    return str(parameters.get("encoder", ""))


def command() -> str:
    """Return the command line."""
    return shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]])


def _timed(row: PeerRow, sides: Sequence[Side], labels: IntArray, repeats: int, runtime: Runtime) -> PeerRow:
    clock = Clock(synchronizer(runtime.device))
    seconds: tuple[list[float], list[float]] = ([], [])
    outcomes: list[Any] = [None, None]
    for repeat in range(repeats):
        for which in (0, 1) if repeat % 2 == 0 else (1, 0):  # drift of the machine meets both alike
            outcomes[which], taken = sides[which].run(clock)
            if repeat == 0 and taken < WARM_UP:
                outcomes[which], taken = sides[which].run(clock)
            seconds[which].append(taken)
    ours, theirs = (side.labels(outcome) for side, outcome in zip(sides, outcomes, strict=True))
    reason = why_void(row, repeats, {row.name: ours, row.peer: theirs}, labels)
    return row.model_copy(
        update={
            "status": "void" if reason else "ok",
            "reason": reason,
            "seconds": seconds[0],
            "peer_seconds": seconds[1],
            "accuracy": float((ours == labels).mean()),
            "peer_accuracy": float((theirs == labels).mean()),
            "agreement": float((ours == theirs).mean()),
            "batches": sides[0].batches,
            "peer_precision": sides[1].precision,
            "peer_batches": sides[1].batches,
        }
    )


def why_void(row: PeerRow, repeats: int, sides: dict[str, IntArray], labels: IntArray) -> str:
    """Return why a contest is void; "" if it is valid.

    The same accuracy of two models that learnt nothing says nothing about whether they do the same work.

    Args:
        row: its sizes are named.
        repeats: readings of each side.
        sides: name -> (N,) predicted classes.
        labels: (N,) classes of the test texts.
    """
    if repeats < LEAST_READINGS:
        noun = "reading" if repeats == 1 else "readings"
        return f"{repeats} {noun} a side; a ratio takes {LEAST_READINGS} or more"
    learnt_nothing = [
        f"{name} ({(predicted == labels).mean():.1%} right)"
        for name, predicted in sides.items()
        if not above_majority(predicted, labels)
    ]
    if learnt_nothing:
        sizes = f"{row.train_size:,} training and {row.test_size:,} test texts"
        return f"not shown to beat the majority class on {sizes}: {', '.join(learnt_nothing)}"
    return ""


def _sample(data: Dataset, train_size: int, test_size: int) -> Dataset:
    train = data.train.sample(min(train_size, len(data.train)), SAMPLE_SEED)
    valid_size = max(LEAST_VALID, len(train) // VALID_SHARE)
    return replace(
        data,
        train=train,
        valid=data.valid.sample(min(valid_size, len(data.valid)), SAMPLE_SEED),
        test=data.test.sample(min(test_size, len(data.test)), SAMPLE_SEED),
    )


def class_indices(names: Sequence[str]) -> IntArray:
    """Return the number at the end of each label, (N,): `__label__1`, `LABEL_1`."""
    return np.array([int(name.rpartition("_")[2]) for name in names], dtype=np.int64)
