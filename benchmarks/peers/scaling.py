"""Time and memory against the number of texts, each size in a process of its own."""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace

import numpy as np
import psutil
import torch

from benchmarks.hardware.environment import environment
from benchmarks.hardware.slots import threads
from benchmarks.measurement.clock import Clock, synchronizer
from benchmarks.measurement.memory import peak_host_memory
from benchmarks.registry.entries import entry, model_class
from benchmarks.schema.performance import ScalingRow
from data.dataset import Dataset, Split
from losses.ce import CrossEntropy
from models.model import Runtime

SEED = 0
VALID_TEXTS = 1_000


@dataclass(frozen=True)
class Readings:
    """What one process measured; see `ScalingRow`."""

    fit_seconds: float
    score_seconds: float
    memory: int
    memory_start: int


def measure(
    models: Sequence[str], sizes: Sequence[int], data: Dataset, runtime: Runtime, command: str
) -> Iterator[ScalingRow]:
    """A row for each model and size; a fault is a row, too.

    Args:
        models: registered names.
        sizes: texts.
        data: its training and test texts are drawn from together, since nothing is judged here but time and memory;
            where they do not suffice, all are made by joining halves.
        runtime: of the models.
        command: recorded in each row.
    """
    whole = joined(data.train, data.test)
    valid = data.valid.sample(min(VALID_TEXTS, len(data.valid)), SEED)
    for size in sizes:
        made = size > len(whole)
        texts = recombined(whole, size) if made else whole.sample(size, SEED)
        for model in models:
            row = ScalingRow(
                model=model,
                dataset=data.name,
                size=size,
                made=made,
                precision=entry("models", model).runtime(runtime).precision,
                environment=environment(),
                command=command,
            )
            try:
                yield row.model_copy(update=vars(_in_own_process(model, texts, valid, runtime)))
            except Exception as error:  # noqa: BLE001  (one size that fails must not lose the others)
                died = isinstance(error, BrokenProcessPool)
                reason = "its process was killed, as when memory runs out" if died else f"{error}".split("\n")[0]
                yield row.model_copy(update={"status": "failed", "reason": f"{type(error).__name__}: {reason}"})


def joined(first: Split, second: Split) -> Split:
    """The texts of both."""
    return replace(
        first,
        texts=first.texts + second.texts,
        labels=np.concatenate([first.labels, second.labels]),
        lengths=np.concatenate([first.lengths, second.lengths]),
        rows=np.concatenate([first.rows, second.rows]),
    )


def recombined(split: Split, size: int) -> Split:
    """`size` texts, each the first half of a text and the second half of another of its class, by words.

    So they are as long as texts are and no two the same, though their vocabulary grows more slowly than new texts'.
    """
    generator = np.random.default_rng(SEED)
    halves = [_halves(text) for text in split.texts]
    firsts = generator.integers(len(split), size=size)
    members = [np.flatnonzero(split.labels == label) for label in range(split.num_classes)]
    seconds = [generator.choice(members[split.labels[first]]) for first in firsts]
    texts = tuple(f"{halves[a][0]} {halves[b][1]}" for a, b in zip(firsts, seconds, strict=True))
    lengths = np.fromiter((len(text.split()) for text in texts), dtype=np.int64, count=size)
    return replace(split, texts=texts, labels=split.labels[firsts], lengths=lengths, rows=np.arange(size))


def _halves(text: str) -> tuple[str, str]:
    words = text.split()
    return " ".join(words[: len(words) // 2]), " ".join(words[len(words) // 2 :])


def _in_own_process(model: str, train: Split, valid: Split, runtime: Runtime) -> Readings:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_read, model, train, valid, runtime).result()


def _read(name: str, train: Split, valid: Split, runtime: Runtime) -> Readings:
    torch.set_num_threads(threads())
    clock = Clock(synchronizer(runtime.device))
    model = model_class(name)()
    memory_start = psutil.Process().memory_info().rss
    loss = CrossEntropy(train.lengths)
    _, fit_seconds = clock.time(lambda: model.fit(train, valid, loss, runtime))
    _, score_seconds = clock.time(lambda: model.score(model.encode(train.texts)))
    return Readings(fit_seconds, score_seconds, peak_host_memory(), memory_start)
