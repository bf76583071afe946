"""Time and memory against the number of texts, or of classes; each reading is of its own process."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import psutil

from benchmarks.errors import UsageError, first_line
from benchmarks.hardware.environment import environment
from benchmarks.hardware.fork_server import in_new_process
from benchmarks.hardware.thread_pools import limit_thread_pools
from benchmarks.measurement.clock import Clock, synchronizer
from benchmarks.measurement.load import load_between, observe
from benchmarks.measurement.memory import peak_host_memory
from benchmarks.peers.contest import encoder_of
from benchmarks.registry.code_version import code_version
from benchmarks.registry.entries import entry, model_class
from benchmarks.schema.measurements import Load
from benchmarks.schema.performance import ScalingRow
from data.arrays import IntArray
from data.dataset import Dataset, Split
from losses.ce import CrossEntropy
from models.model import Runtime

SEED = 0
VALID_TEXTS = 1_000


@dataclass(frozen=True)
class Readings:
    """Readings of one process; see `ScalingRow`."""

    load: Load
    fit_seconds: float
    score_seconds: float
    memory: int
    memory_start: int


@dataclass(frozen=True)
class Work:
    """Texts to fit a model on and to score, and validation texts; see `ScalingRow`."""

    texts: Split
    valid: Split
    made: bool = False
    classes: int | None = None


def of_sizes(sizes: Sequence[int], data: Dataset) -> Iterator[Work]:
    """Yield so many texts, for each size.

    Training and test texts are drawn from together, since only time and memory are measured here; where there are too
    few, all texts are made by joining halves.
    """
    whole, valid = data.train.joined(data.test), _some(data.valid)
    for size in sizes:
        made = size > len(whole)
        yield Work(recombined(whole, size) if made else whole.sample(size, SEED), valid, made)


def of_classes(numbers: Sequence[int], data: Dataset) -> Iterator[Work]:
    """Yield texts of so many classes, the most common ones; equally many texts, those that the fewest classes have.

    There are equally many validation texts, too: a search scores them for each strength that it tries.

    Raises:
        UsageError: the data have fewer classes, or the fewest classes have too few texts for one of each class.
    """
    whole = data.train.joined(data.test)
    common = np.argsort(-np.bincount(whole.labels, minlength=whole.num_classes), kind="stable")
    fewest = common[: min(numbers)]
    size, held_out = len(of_these(whole, fewest)), min(len(of_these(data.valid, fewest)), VALID_TEXTS)
    if max(numbers) > min(size, whole.num_classes):
        raise UsageError(
            f"--classes {max(numbers)}: {data.name} has {whole.num_classes} classes, and {size:,} texts of the "
            f"{min(numbers)} most common ones (choices: 2 to {min(size, whole.num_classes)})"
        )
    for number in numbers:
        chosen = common[:number]
        valid = _of_each(of_these(data.valid, chosen), held_out)
        yield Work(_of_each(of_these(whole, chosen), size), valid, classes=number)


def of_these(split: Split, labels: IntArray) -> Split:
    """Return the texts of these classes (K,), which are numbered anew in this order."""
    place = np.full(split.num_classes, -1)
    place[labels] = np.arange(len(labels))
    kept = split.take(np.flatnonzero(place[split.labels] >= 0))
    return replace(kept, labels=place[kept.labels], class_names=tuple(split.class_names[label] for label in labels))


def _of_each(split: Split, size: int) -> Split:
    """Draw `size` texts, one of each class at least."""
    ordered = split.sample(len(split), SEED)
    first = np.unique(ordered.labels, return_index=True)[1]
    others = np.setdiff1d(np.arange(len(split)), first)
    return ordered.take(np.concatenate([first, others])[:size])


def _some(valid: Split) -> Split:
    return valid.sample(min(VALID_TEXTS, len(valid)), SEED)


def measure(
    models: Sequence[str], works: Iterable[Work], data: Dataset, runtime: Runtime, command: str
) -> Iterator[ScalingRow]:
    """Yield a row for each model and work; a fault is a row, too.

    Args:
        models: registered names.
        works: what is fitted and scored.
        data: that the works are of.
        runtime: of the models.
        command: recorded in each row.
    """
    for work in works:
        for model in models:
            own_runtime = entry("models", model).runtime(runtime)
            row = ScalingRow(
                model=model,
                dataset=data.name,
                data_fingerprint=data.fingerprint,
                size=len(work.texts),
                made=work.made,
                classes=work.classes,
                device=own_runtime.device,
                precision=own_runtime.precision,
                encoder=encoder_of(model),
                code=code_version(model, "ce"),
                environment=environment() | {"threads": runtime.threads},
                command=command,
            )
            try:
                yield row.model_copy(update=vars(in_new_process(_read, model, work.texts, work.valid, own_runtime)))
            except Exception as error:  # noqa: BLE001  (one reading that fails must not lose the others)
                reason = f"{type(error).__name__}: {first_line(error)}"
                yield row.model_copy(update={"status": "failed", "reason": reason})


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


def _read(name: str, train: Split, valid: Split, runtime: Runtime) -> Readings:
    limit_thread_pools(runtime.threads)
    clock = Clock(synchronizer(runtime.device))
    model = model_class(name)()
    model.check_ready()  # files that every later model finds in a cache are made here, as before the cells of a run
    before, memory_start = observe(), psutil.Process().memory_info().rss
    loss = CrossEntropy(train.lengths, train.labels)
    _, fit_seconds = clock.time(lambda: model.fit(train, valid, loss, runtime))
    _, score_seconds = clock.time(lambda: model.score(model.encode(train.texts)))
    load = load_between(before, observe())
    return Readings(load, fit_seconds, score_seconds, peak_host_memory(), memory_start)
