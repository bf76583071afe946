"""A served model under load, by the method of MLPerf's server scenario.

Texts arrive at random moments (a Poisson process), and wait while earlier ones are computed: an open loop, whose
latencies count the waiting (Reddi et al. 2020, "MLPerf Inference Benchmark", ISCA). The server takes all that wait, up
to a largest batch.
"""

import time
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.measurement.clock import Clock
from benchmarks.schema.confidence import clustered_lower_bound
from benchmarks.schema.load_test import BatchSize, Trial

SHARE = 0.01
"""Of the texts, that may be later than the limit: it is one of the 99th percentile."""

SEARCHING, CONFIRMING = 10.0, 120.0
"""Seconds of arrivals in a trial that searches, and at least in one that confirms: ten seconds do not show a queue that
is long once a minute."""

LIMITS = 1_000
"""Of the latency, that a trial that confirms lasts at least. A queue is too long for about as long as the limit is, so
one text in a hundred is late in about ten such times."""

LEAST_SEARCHED, LEAST_CONFIRMED = 100, 400
"""Texts of such a trial at least: fewer than 371, all of them in time, do not bound the share of late ones by 1 %."""

BLOCKS = 10
"""Of a trial, in the order of arrival, between which the share of late texts may vary: neighbours are late together."""

LARGEST_BATCH = 32
"""Texts that are computed together at most."""

BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64)
"""Of the sweep."""

BATCH_READINGS = 5

STEPS = 6
"""Trials of the search; each of the last ones halves the remaining factor."""

CONFIRMATIONS, BACK_OFF = 4, 0.85
"""Trials that confirm a rate at most, and the factor from one to the next."""

Label = Callable[[Sequence[str]], object]


def sweep(label: Label, texts: Sequence[str], clock: Clock) -> list[BatchSize]:
    """Time batches of each size, the sizes in turns, each batch of other texts."""
    seconds: dict[int, list[float]] = {size: [] for size in BATCH_SIZES if size <= len(texts)}
    for turn in range(BATCH_READINGS):
        for size, own in seconds.items():
            chosen = [texts[(turn * size + place) % len(texts)] for place in range(size)]
            own.append(clock.time(lambda chosen=chosen: label(chosen))[1])  # type: ignore[misc]
    return [BatchSize(texts=size, seconds=own) for size, own in seconds.items()]


def search(label: Label, texts: Sequence[str], capacity: float, limit: float, clock: Clock, seed: int) -> list[Trial]:
    """Look for the highest rate that keeps the limit, and confirm it or a lower one; return all trials.

    Args:
        label: answers a batch of texts.
        texts: drawn from at random.
        capacity: texts a second in the best batches.
        limit: seconds that 99 of 100 texts may take.
        clock: times answers.
        seed: of arrivals and texts.
    """
    trials: list[Trial] = []
    low, high, rate = 0.0, capacity, capacity / 2
    for step in range(STEPS):
        trials.append(trial(label, texts, rate, limit, clock, seed + step))
        low, high = (rate, high) if trials[-1].kept else (low, rate)
        rate = (low * high) ** 0.5 if low else high / 2
    for step in range(CONFIRMATIONS if low else 0):
        found = trial(label, texts, low * BACK_OFF**step, limit, clock, seed + STEPS + step, confirming=True)
        trials.append(found)
        if found.kept:
            break
    return trials


def trial(
    label: Label,
    texts: Sequence[str],
    rate: float,
    limit: float,
    clock: Clock,
    seed: int,
    *,
    confirming: bool = False,
) -> Trial:
    """Answer texts that arrive at a rate, until their number is reached or the limit can no longer be kept.

    The server and the arrivals share a thread: moments of arrival are drawn beforehand, so that a server that is late
    delays no arrival.
    """
    generator = np.random.default_rng(seed)
    if confirming:
        queries = max(LEAST_CONFIRMED, int(rate * max(CONFIRMING, LIMITS * limit)))
    else:
        queries = max(LEAST_SEARCHED, int(rate * SEARCHING))
    arrivals = generator.exponential(1 / rate, queries).cumsum()
    drawn = generator.integers(len(texts), size=queries)
    latencies: list[float] = []
    batches, late, begin = 0, 0, clock.read()
    while len(latencies) < queries and late <= SHARE * queries:
        first = len(latencies)
        wait = arrivals[first] - (clock.read() - begin)
        if wait > 0:
            time.sleep(wait)
        now = clock.read() - begin
        waiting = int(np.searchsorted(arrivals[first : first + LARGEST_BATCH], now, side="right"))
        last = first + max(1, waiting)
        label([texts[row] for row in drawn[first:last]])
        own = (clock.read() - begin) - arrivals[first:last]
        latencies += own.tolist()
        late += int((own > limit).sum())
        batches += 1
    is_late = np.array(latencies) > limit
    share, bound = float(is_late.mean()), late_bound(is_late)
    p50, p99 = np.quantile(latencies, [0.5, 0.99]).tolist()
    return Trial(
        rate=rate, texts=len(latencies), batches=batches, p50=p50, p99=p99, late=share, late_bound=bound,
        confirming=confirming, kept=(bound if confirming else share) <= SHARE,
    )  # fmt: skip


def late_bound(is_late: npt.NDArray[np.bool_]) -> float:
    """Upper 95 % bound of the share of late texts in the long run.

    Texts that arrive one after the other wait in one queue, so they count by the design effect: the variance of the
    share between blocks over that of independent texts.

    Args:
        is_late: (N,) in the order of arrival.
    """
    texts, share = len(is_late), float(is_late.mean())
    if texts < BLOCKS:
        return 1.0
    sums = np.array([float((own - share).sum()) for own in np.array_split(is_late.astype(np.float64), BLOCKS)])
    between, independent = float(sums @ sums) * BLOCKS / (BLOCKS - 1), texts * share * (1 - share)
    effect = between / independent if independent > 0 else 1.0
    return 1.0 - clustered_lower_bound(1 - share, texts, effect, BLOCKS - 1)
