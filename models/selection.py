"""The metric by which a model is selected on validation, where that is not accuracy."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from data.arrays import FloatArray, IntArray

MetricName = Literal["accuracy", "macro_f1", "balanced_accuracy", "average_precision", "log_loss", "cost"]


@dataclass(frozen=True)
class Criterion:
    """A metric of validation predictions.

    Attributes:
        metric: its name.
        costs: for `cost`, C rows by label of C costs by predicted class.
    """

    metric: MetricName = "accuracy"
    costs: tuple[tuple[float, ...], ...] = ()

    def entry(self, labels: IntArray, probabilities: npt.NDArray[np.floating]) -> dict[str, float]:
        """Return the entry of a history that selection goes by: `valid_metric`; none for accuracy, which is there.

        Args:
            labels: (N,).
            probabilities: (N, C).
        """
        if self.metric == "accuracy":
            return {}
        return {"valid_metric": self.value(labels, np.asarray(probabilities, dtype=np.float64))}

    def value(self, labels: IntArray, probabilities: FloatArray) -> float:
        """Return the metric; higher is better, so that log loss and cost are negative.

        Args:
            labels: (N,).
            probabilities: (N, C).
        """
        from sklearn import metrics

        classes = probabilities.shape[1]
        predicted = probabilities.argmax(axis=1)
        if self.metric == "accuracy":
            return float(metrics.accuracy_score(labels, predicted))
        if self.metric == "macro_f1":
            return float(metrics.f1_score(labels, predicted, average="macro"))
        if self.metric == "balanced_accuracy":
            recall = np.bincount(labels, predicted == labels, classes) / np.maximum(
                np.bincount(labels, minlength=classes), 1
            )
            return float(recall[np.unique(labels)].mean())
        if self.metric == "average_precision":
            return _average_precision(labels, probabilities)
        if self.metric == "log_loss":
            return -float(metrics.log_loss(labels, probabilities, labels=range(classes)))
        return -float(np.array(self.costs)[labels, predicted].mean())


ACCURACY = Criterion()


def _average_precision(labels: IntArray, probabilities: FloatArray) -> float:
    """Of each class against the rest, the mean over those that occur; of two classes, that of the rarer one."""
    from sklearn.metrics import average_precision_score

    counts = np.bincount(labels, minlength=probabilities.shape[1])
    classes = [int(counts[1] <= counts[0])] if len(counts) == 2 and counts.all() else np.flatnonzero(counts)
    return float(np.mean([average_precision_score(labels == one, probabilities[:, one]) for one in classes]))
