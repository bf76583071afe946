"""Does another loss than the reference help, and does it act on the lengths and classes where it claims to?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reports import formats
from reports.analysis import sentences
from reports.analysis.comparisons import Comparison, difference
from reports.analysis.estimates import Estimate, Figure
from reports.analysis.evidence import Evidence
from reports.analysis.primary import Primary
from reports.analysis.verdicts import Verdict

MOST_CLASSES = 10
"""Classes whose recall is compared, the most frequent ones."""


@dataclass(frozen=True)
class BucketEffect:
    """The effect within one length bucket; exploratory.

    Attributes:
        shortest, longest: words; the bucket holds lengths above `shortest`, up to `longest`.
        rows: test rows in it.
        effect: accuracy with the other loss less that with the reference loss; NaN without rows.
    """

    shortest: float
    longest: float
    rows: int
    effect: Estimate


@dataclass(frozen=True)
class ClassEffect:
    """The effect within one class; exploratory.

    Attributes:
        name: of the class.
        rows: its test rows.
        effect: recall with the other loss less that with the reference loss.
    """

    name: str
    rows: int
    effect: Estimate


@dataclass(frozen=True)
class LengthEffect:
    """One loss against the reference loss, for one model, its parameters and training size.

    Attributes:
        comparison: the other loss first; part of the report's family.
        buckets: the effect by length, shortest texts first; exploratory.
        classes: the effect by class, most test rows first, of the `MOST_CLASSES` most frequent; exploratory.
        gap: the effect in the longest bucket less that in the shortest; NaN where one has no rows; exploratory.
    """

    comparison: Comparison
    buckets: tuple[BucketEffect, ...]
    classes: tuple[ClassEffect, ...]
    gap: Estimate

    @property
    def verdict(self) -> str:
        """The verdict and, as exploration, the effect by length."""
        if self.comparison.verdict is Verdict.SAME:
            return self._overall
        return f"{self._overall} {self._by_length}"

    @property
    def _overall(self) -> str:
        comparison = self.comparison
        if comparison.verdict is Verdict.SAME:
            loss, reference = comparison.first.loss, comparison.second.loss
            return f"{loss} changes nothing: {comparison.verdict.value} as with {reference}."
        return sentences.losses(comparison)

    @property
    def _by_length(self) -> str:
        if np.isnan(self.gap.standard_error):
            return "There are too few test rows to compare long texts with short ones."
        between = formats.between_points(self.gap.interval)
        return f"Exploratory: its effect on the longest texts less that on the shortest is {between} (95 % interval)."


def length_effects(evidence: Sequence[Evidence], primary: Primary) -> tuple[LengthEffect, ...]:
    """The comparisons of other losses with the reference loss, with the effect by length."""
    known: Mapping[str, Evidence] = {one.configuration.key: one for one in evidence}
    return tuple(
        LengthEffect(
            comparison=comparison,
            buckets=_buckets(known[comparison.first.key], known[comparison.second.key]),
            classes=_classes(known[comparison.first.key], known[comparison.second.key]),
            gap=difference(known[comparison.first.key], known[comparison.second.key], lambda one: one.gap),
        )
        for comparison in primary.against_reference
    )


def _buckets(alternative: Evidence, reference: Evidence) -> tuple[BucketEffect, ...]:
    edges = [0.0, *alternative.edges, np.inf]
    return tuple(
        BucketEffect(edges[index], edges[index + 1], rows, difference(alternative, reference, _bucket(index)))
        for index, rows in enumerate(alternative.bucket_rows)
    )


def _classes(alternative: Evidence, reference: Evidence) -> tuple[ClassEffect, ...]:
    names = alternative.configuration.cells[0].classes
    counts = np.bincount(alternative.rows.labels, minlength=len(names))
    frequent = [int(label) for label in np.argsort(-counts, kind="stable")[:MOST_CLASSES] if counts[label]]
    return tuple(
        ClassEffect(names[label], int(counts[label]), difference(alternative, reference, _recall(label)))
        for label in frequent
    )


def _recall(label: int) -> Callable[[Evidence], Figure]:
    return lambda evidence: evidence.within_class(label)


def _bucket(index: int) -> Callable[[Evidence], Figure]:
    return lambda evidence: evidence.within(index)
