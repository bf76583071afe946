"""Record which test rows each training of a configuration got right."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from benchmarks.schema.comparability import why_not_comparable
from benchmarks.store.results import StoreError
from reports.analysis.estimands import Estimand, estimand
from reports.analysis.estimates import BoolArray, Clusters, Figure, IntArray, mean_figure
from reports.analysis.predictions import Predictions
from reports.analysis.results import Configuration, Results

TRACE = 0.005
"""Share of the test rows: up to it, leaked rows are counted and kept; beyond it, every figure leaves them out."""


@dataclass(frozen=True)
class Rows:
    """The N test rows that count.

    Attributes:
        kept: (M,) which of the M scored rows count: all, or those that did not leak.
        labels: (N,) class indices.
        lengths: (N,) words.
        clusters: rows that belong together; None where rows are independent.
        leaked: rows that also occur in training or validation.
    """

    kept: BoolArray
    labels: IntArray
    lengths: IntArray
    clusters: Clusters | None
    leaked: int

    @property
    def without_leaks(self) -> bool:
        """Whether leaked rows were more than a trace, so that they are left out."""
        return not bool(self.kept.all())

    @cached_property
    def majority(self) -> float:
        """Accuracy of always answering the most common class."""
        return float(np.bincount(self.labels).max() / len(self.labels))


@dataclass(frozen=True)
class Evidence:
    """One configuration on the N test rows.

    Attributes:
        configuration: what was run.
        rows: the test rows.
        right: (S, N) share of a repeat's trainings that got a row right, mostly 0 or 1; (1, N) if all trainings predict
            the same, as those of a deterministic model on the same rows do.
        trainings: (repeat, seed) of each of the S rows of `right`, or (repeat, -1) where a repeat has several seeds.
        estimand: what the trainings allow a claim about.
        distinct: whether the trainings differ in what they predict.
        digests: of the predicted classes of each training; one if all trainings predict the same.
        edges: inner edges of the length buckets.
    """

    configuration: Configuration
    rows: Rows
    right: npt.NDArray[np.bool_] | npt.NDArray[np.float64]
    trainings: tuple[tuple[int, int], ...]
    estimand: Estimand
    distinct: bool
    digests: tuple[bytes, ...]
    edges: tuple[float, ...] = ()

    @property
    def deterministic(self) -> bool:
        """Whether several trainings were found to predict the same."""
        return not self.distinct and len(self.configuration.cells) > 1

    @property
    def accuracy(self) -> Figure:
        """The share of the rows that is right, for each training."""
        return mean_figure(self.right, clusters=self.rows.clusters)

    @cached_property
    def buckets(self) -> IntArray:
        """(N,) the length bucket of each row, shortest first."""
        return length_buckets(self.rows.lengths, self.edges)

    @property
    def bucket_rows(self) -> tuple[int, ...]:
        """Test rows in each length bucket."""
        return tuple(int(rows) for rows in np.bincount(self.buckets, minlength=len(self.edges) + 1))

    def within(self, bucket: int) -> Figure:
        """The accuracy within a length bucket; negative numbers count from the longest; NaN where it has no rows."""
        index = bucket % (len(self.edges) + 1)
        return mean_figure(self.right, self.buckets == index, self.rows.clusters)

    def within_class(self, label: int) -> Figure:
        """The recall of a class: the accuracy within its rows; NaN where it has none."""
        return mean_figure(self.right, self.rows.labels == label, self.rows.clusters)

    @property
    def gap(self) -> Figure:
        """Accuracy on the longest texts less that on the shortest."""
        return self.within(-1) - self.within(0)


def gather(results: Results) -> tuple[Evidence, ...]:
    """The evidence on every configuration, in their order.

    Raises:
        StoreError: cells are of different data, of different code within a configuration, or were not scored on the
            same test rows.
    """
    configurations = results.configurations
    if not configurations:
        return ()
    cells = [cell for configuration in configurations for cell in configuration.cells]
    if reason := why_not_comparable(cell.spec for cell in cells):
        raise StoreError(f"{results.folder}: {reason}")
    predictions = [[results.predictions(cell) for cell in c.cells] for c in configurations]
    check_same_rows(f"{results.folder}: its cells", [p for several in predictions for p in several])
    rows = _rows(predictions[0][0], sorted({row for cell in cells for row in cell.leaked_rows}))
    return tuple(evidence_of(c, several, rows) for c, several in zip(configurations, predictions, strict=True))


def length_buckets(lengths: IntArray, edges: Sequence[float]) -> IntArray:
    """(N,) the bucket of each length, shortest first; an edge is the greatest length of the bucket before it."""
    return np.searchsorted(edges, lengths, side="left")


def check_same_rows(whose: str, predictions: Sequence[Predictions]) -> None:
    """Refuse to compare what was scored on different rows.

    Raises:
        StoreError: the rows or labels differ.
    """
    first = predictions[0]
    for other in predictions[1:]:
        if not (np.array_equal(first.rows, other.rows) and np.array_equal(first.labels, other.labels)):
            raise StoreError(f"{whose} were not scored on the same test rows")


def _rows(predictions: Predictions, leaked: Sequence[int]) -> Rows:
    leaks = np.isin(predictions.rows, leaked)
    count = int(leaks.sum())
    kept = ~leaks if TRACE * len(leaks) < count < len(leaks) else np.ones(len(leaks), dtype=np.bool_)
    groups = None if predictions.groups is None else predictions.groups[kept]
    return Rows(kept, predictions.labels[kept], predictions.lengths[kept], Clusters.of(groups), count)


def evidence_of(configuration: Configuration, predictions: Sequence[Predictions], rows: Rows) -> Evidence:
    """The evidence that predictions give on a configuration, one for each of its cells."""
    own = configuration.trainings
    edges = tuple(configuration.cells[0].length_edges)
    digests = tuple(sha256(p.predicted[rows.kept].tobytes()).digest() for p in predictions)
    claim = estimand(own, configuration.shared)
    if len(set(digests)) == 1:
        right = predictions[0].correct[None, rows.kept]
        return Evidence(configuration, rows, right, own[:1], claim, distinct=False, digests=digests[:1], edges=edges)
    right = np.stack([p.correct[rows.kept] for p in predictions])
    repeats = dict.fromkeys(repeat for repeat, _ in own)
    if claim.redraws and len(repeats) < len(own):  # seeds within a repeat share its training rows
        members = [[index for index, (repeat, _) in enumerate(own) if repeat == each] for each in repeats]
        averaged = np.stack([right[index].mean(axis=0) for index in members])
        own, right = tuple((repeat, -1) for repeat in repeats), averaged
    return Evidence(configuration, rows, right, own, claim, distinct=True, digests=digests, edges=edges)
