"""Each class by itself: its recall, and the classes that it is confused with."""

from dataclasses import dataclass

import numpy as np

from reports.analysis.estimates import FloatArray, IntArray
from reports.analysis.evidence import Evidence
from reports.analysis.results import Results


@dataclass(frozen=True)
class Confusions:
    """The predictions of a configuration by class, all trainings together.

    Attributes:
        classes: names.
        counts: (C, C) test texts by label and predicted class.
    """

    classes: tuple[str, ...]
    counts: IntArray

    @property
    def rows(self) -> IntArray:
        """(C,) texts of each class."""
        rows: IntArray = self.counts.sum(axis=1)
        return rows

    @property
    def recall(self) -> FloatArray:
        """(C,) share of the texts of each class that are found; NaN where it has none."""
        return _share(np.diag(self.counts), self.rows)

    @property
    def precision(self) -> FloatArray:
        """(C,) share of the texts said to be of each class that are; NaN where none are."""
        return _share(np.diag(self.counts), self.counts.sum(axis=0))

    @property
    def f1(self) -> FloatArray:
        """(C,) harmonic mean of both; NaN where a class neither occurs nor is predicted."""
        return _share(2 * np.diag(self.counts), self.rows + self.counts.sum(axis=0))

    def pairs(self, most: int) -> list[tuple[int, int]]:
        """Label and predicted class of the most frequent mistakes, at most so many."""
        wrong = self.counts.copy()
        np.fill_diagonal(wrong, 0)
        order = np.argsort(-wrong, axis=None, kind="stable")[:most]
        return [divmod(int(index), len(self.classes)) for index in order if wrong.flat[index]]

    def taken_for(self, label: int) -> int | None:
        """The class that a class is most often taken for; None where it never is."""
        wrong = self.counts[label].copy()
        wrong[label] = 0
        return int(wrong.argmax()) if wrong.any() else None


def confusions(evidence: Evidence, results: Results) -> Confusions:
    """Count over all trainings of a configuration, on the test rows that count."""
    cells = evidence.configuration.cells
    size = len(cells[0].classes)
    counts = np.zeros(size * size, dtype=np.int64)
    for cell in cells:
        own, kept = results.predictions(cell), evidence.rows.kept
        counts += np.bincount(size * own.labels[kept] + own.predicted[kept], minlength=size * size)
    return Confusions(tuple(cells[0].classes), counts.reshape(size, size))


def _share(part: IntArray, whole: IntArray) -> FloatArray:
    shares: FloatArray = np.where(whole > 0, part / np.maximum(whole, 1), np.nan)
    return shares
