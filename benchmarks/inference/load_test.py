"""A served model under load, by the method of MLPerf's server scenario.

Texts arrive at random moments (a Poisson process), and wait while earlier ones are computed: an open loop, whose
latencies count the waiting (Reddi et al. 2020, "MLPerf Inference Benchmark", ISCA). The server takes all that wait, up
to a largest batch.
"""

import time
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.measurement.clock import Clock
from benchmarks.schema.load_test import BatchSize, Trial

LEAST_QUERIES = 600
"""Texts of a trial: with 299 the bound of the 99th percentile is the largest reading, so one disturbance decides."""

MOST_SECONDS = 30.0
"""Of arrivals in a trial; slower models get fewer texts, but at least `LEAST_BOUND`."""

LEAST_BOUND = 299
"""Readings from which the 99th percentile has a bound at all."""

LARGEST_BATCH = 32
"""Texts that are computed together at most."""

BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64)
"""Of the sweep."""

BATCH_READINGS = 5

STEPS = 6
"""Trials of the search; each of the last ones halves the remaining factor."""

Label = Callable[[Sequence[str]], object]
Kept = Callable[[Sequence[float]], bool]


def sweep(label: Label, texts: Sequence[str], clock: Clock) -> list[BatchSize]:
    """Time batches of each size, the sizes in turns, each batch of other texts."""
    seconds: dict[int, list[float]] = {size: [] for size in BATCH_SIZES if size <= len(texts)}
    for turn in range(BATCH_READINGS):
        for size, own in seconds.items():
            chosen = [texts[(turn * size + place) % len(texts)] for place in range(size)]
            own.append(clock.time(lambda chosen=chosen: label(chosen))[1])  # type: ignore[misc]
    return [BatchSize(texts=size, seconds=own) for size, own in seconds.items()]


def search(label: Label, texts: Sequence[str], capacity: float, kept: Kept, clock: Clock, seed: int) -> list[Trial]:
    """Look for the highest rate that keeps the limit, between nothing and the capacity; return all trials.

    Args:
        label: answers a batch of texts.
        texts: drawn from at random.
        capacity: texts a second in the best batches.
        kept: whether latencies (s) keep the limit.
        clock: times answers.
        seed: of arrivals and texts.
    """
    trials: list[Trial] = []
    low, high, rate = 0.0, capacity, capacity / 2
    for step in range(STEPS):
        trials.append(trial(label, texts, rate, kept, clock, seed + step))
        low, high = (rate, high) if trials[-1].kept else (low, rate)
        rate = (low * high) ** 0.5 if low else high / 2
    return trials


def trial(label: Label, texts: Sequence[str], rate: float, kept: Kept, clock: Clock, seed: int) -> Trial:
    """Answer texts that arrive at a rate.

    The server and the arrivals share a thread: moments of arrival are drawn beforehand, so that a server that is late
    delays no arrival.
    """
    generator = np.random.default_rng(seed)
    queries = max(LEAST_BOUND, min(LEAST_QUERIES, int(rate * MOST_SECONDS)))
    arrivals = generator.exponential(1 / rate, queries).cumsum()
    drawn = generator.integers(len(texts), size=queries)
    seconds: list[float] = []
    batches, begin = 0, clock.read()
    while len(seconds) < queries:
        first = len(seconds)
        wait = arrivals[first] - (clock.read() - begin)
        if wait > 0:
            time.sleep(wait)
        now = clock.read() - begin
        waiting = int(np.searchsorted(arrivals[first : first + LARGEST_BATCH], now, side="right"))
        last = first + max(1, waiting)
        label([texts[row] for row in drawn[first:last]])
        end = clock.read() - begin
        seconds += [float(end - moment) for moment in arrivals[first:last]]
        batches += 1
    return Trial(rate=rate, seconds=seconds, batches=batches, kept=kept(seconds))
