"""Which test rows each configuration got right, as the figures that statistics are made of."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.store.results import StoreError
from reports.analysis.resampling import Statistic, resample_rows
from reports.analysis.results import BoolArray, Configuration, FloatArray, IntArray, Predictions, Results


@dataclass(frozen=True)
class Evidence:
    """One configuration on the N test rows.

    Attributes:
        configuration: what was run.
        correct: (S, N) for each seed; (1, N) if all seeds predict the same, as those of a deterministic model do.
        accuracy: of each seed.
        buckets: the accuracy within each of the K length buckets, shortest first; NaN where a bucket has no rows.
        bucket_rows: test rows in each bucket.
    """

    configuration: Configuration
    correct: BoolArray
    accuracy: Statistic
    buckets: tuple[Statistic, ...]
    bucket_rows: tuple[int, ...]

    @property
    def deterministic(self) -> bool:
        """Whether several seeds were found to predict the same."""
        return self.configuration.seeds > len(self.correct)


def gather(results: Results) -> tuple[Evidence, ...]:
    """The evidence on every configuration, in their order.

    Raises:
        StoreError: two cells were not scored on the same test rows.
    """
    if not results.configurations:
        return ()
    predictions = [[results.predictions(cell) for cell in c.cells] for c in results.configurations]
    _check_same_rows(results, [p for several in predictions for p in several])
    correct = [_distinct(several) for several in predictions]
    blocks = [
        _columns(rows, several[0].lengths, configuration.cells[0].length_edges)
        for rows, several, configuration in zip(correct, predictions, results.configurations, strict=True)
    ]
    ends = np.cumsum([block.shape[1] for block in blocks])
    resampled = np.split(resample_rows(np.hstack(blocks)), ends[:-1], axis=1)
    return tuple(map(_evidence, results.configurations, correct, blocks, resampled))


def length_buckets(lengths: IntArray, edges: Sequence[float]) -> IntArray:
    """(N,) the bucket of each length, shortest first; an edge is the greatest length of the bucket before it."""
    return np.searchsorted(edges, lengths, side="left")


def _columns(correct: BoolArray, lengths: IntArray, edges: Sequence[float]) -> BoolArray:
    """(N, (S + 1) K): of each length bucket, which rows are in it, then which of those each seed got right."""
    inside = length_buckets(lengths, edges)[:, None] == np.arange(len(edges) + 1)  # (N, K)
    everything = np.ones((1, len(lengths)), dtype=np.bool_)
    columns: BoolArray = np.vstack([everything, correct]).T[:, :, None] & inside[:, None, :]  # (N, S + 1, K)
    return columns.reshape(len(lengths), -1)


def _evidence(configuration: Configuration, correct: BoolArray, columns: BoolArray, resampled: FloatArray) -> Evidence:
    counts = [
        sums.reshape(-1, len(correct) + 1, len(configuration.cells[0].length_edges) + 1)  # (B or 1, S + 1, K)
        for sums in (columns.sum(axis=0, dtype=np.float64), resampled)
    ]
    with np.errstate(invalid="ignore"):  # a bucket without rows
        overall = [sums[:, 1:].sum(axis=2) / sums[:, :1].sum(axis=2) for sums in counts]
        within = [sums[:, 1:] / sums[:, :1] for sums in counts]
    bucket_rows = counts[0][0, 0]
    return Evidence(
        configuration=configuration,
        correct=correct,
        accuracy=Statistic(overall[0][0], overall[1]),
        buckets=tuple(Statistic(within[0][0, :, k], within[1][:, :, k]) for k in range(len(bucket_rows))),
        bucket_rows=tuple(int(rows) for rows in bucket_rows),
    )


def _distinct(predictions: Sequence[Predictions]) -> BoolArray:
    """(S, N) which rows each seed got right; (1, N) if all predict the same."""
    same = all(np.array_equal(p.predicted, predictions[0].predicted) for p in predictions)
    return np.stack([p.correct for p in (predictions[:1] if same else predictions)])


def _check_same_rows(results: Results, predictions: Sequence[Predictions]) -> None:
    first = predictions[0]
    for other in predictions[1:]:
        if not (np.array_equal(first.rows, other.rows) and np.array_equal(first.labels, other.labels)):
            raise StoreError(f"{results.folder}: its cells were not scored on the same test rows")
