"""Time and memory against the number of texts; each size runs in its own process."""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace

import numpy as np
import psutil

from benchmarks.errors import first_line
from benchmarks.hardware.environment import environment
from benchmarks.hardware.fork_server import one_process
from benchmarks.hardware.thread_pools import limit_thread_pools
from benchmarks.measurement.clock import Clock, synchronizer
from benchmarks.measurement.memory import peak_host_memory
from benchmarks.peers.contest import encoder_of
from benchmarks.registry.code_version import code_version
from benchmarks.registry.entries import entry, model_class
from benchmarks.schema.performance import ScalingRow
from data.dataset import Dataset, Split
from losses.ce import CrossEntropy
from models.model import Runtime

SEED = 0
VALID_TEXTS = 1_000


@dataclass(frozen=True)
class Readings:
    """Readings of one process; see `ScalingRow`."""

    fit_seconds: float
    score_seconds: float
    memory: int
    memory_start: int


def measure(
    models: Sequence[str], sizes: Sequence[int], data: Dataset, runtime: Runtime, command: str
) -> Iterator[ScalingRow]:
    """Yield a row for each model and size; a fault is a row, too.

    Args:
        models: registered names.
        sizes: texts.
        data: training and test texts are drawn from together, since only time and memory are measured here; where there
            are too few, all texts are made by joining halves.
        runtime: of the models.
        command: recorded in each row.
    """
    whole = data.train.joined(data.test)
    valid = data.valid.sample(min(VALID_TEXTS, len(data.valid)), SEED)
    for size in sizes:
        made = size > len(whole)
        texts = recombined(whole, size) if made else whole.sample(size, SEED)
        for model in models:
            row = ScalingRow(
                model=model,
                dataset=data.name,
                data_fingerprint=data.fingerprint,
                size=size,
                made=made,
                precision=entry("models", model).runtime(runtime).precision,
                encoder=encoder_of(model),
                code=code_version(model, "ce"),
                environment=environment() | {"threads": runtime.threads},
                command=command,
            )
            try:
                yield row.model_copy(update=vars(_in_new_process(model, texts, valid, runtime)))
            except Exception as error:  # noqa: BLE001  (one size that fails must not lose the others)
                died = isinstance(error, BrokenProcessPool)
                reason = "its process was killed, as when memory runs out" if died else first_line(error)
                yield row.model_copy(update={"status": "failed", "reason": f"{type(error).__name__}: {reason}"})


def recombined(split: Split, size: int) -> Split:
    """Make `size` texts, each of the first half of a text and the second half of another of its class, by words.

    They are as long as real texts and no two are equal, but their vocabulary grows more slowly than that of new texts.
    """
    generator = np.random.default_rng(SEED)
    halves = [_halves(text) for text in split.texts]
    firsts = generator.integers(len(split), size=size)
    members = [np.flatnonzero(split.labels == label) for label in range(split.num_classes)]
    seconds = [generator.choice(members[split.labels[first]]) for first in firsts]
    texts = tuple(f"{halves[a][0]} {halves[b][1]}" for a, b in zip(firsts, seconds, strict=True))
    lengths = np.fromiter((len(text.split()) for text in texts), dtype=np.int64, count=size)
    return replace(split, texts=texts, labels=split.labels[firsts], lengths=lengths, rows=np.arange(size), groups=None)


def _halves(text: str) -> tuple[str, str]:
    words = text.split()
    return " ".join(words[: len(words) // 2]), " ".join(words[len(words) // 2 :])


def _in_new_process(model: str, train: Split, valid: Split, runtime: Runtime) -> Readings:
    with one_process(multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_read, model, train, valid, runtime).result()


def _read(name: str, train: Split, valid: Split, runtime: Runtime) -> Readings:
    limit_thread_pools(runtime.threads)
    clock = Clock(synchronizer(runtime.device))
    model = model_class(name)()
    memory_start = psutil.Process().memory_info().rss
    loss = CrossEntropy(train.lengths, train.labels)
    _, fit_seconds = clock.time(lambda: model.fit(train, valid, loss, runtime))
    _, score_seconds = clock.time(lambda: model.score(model.encode(train.texts)))
    return Readings(fit_seconds, score_seconds, peak_host_memory(), memory_start)
