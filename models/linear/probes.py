"""Logistic regression on dense vectors of texts, with C chosen on validation."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from data.arrays import FloatArray, IntArray
from models.linear.convergence import Attempt, solve_each
from models.linear.strengths import Search, Trial, search
from models.model import Runtime
from models.selection import Criterion

C_GRID = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Inverse strengths of regularisation that are tried first, for vectors of standard deviation 1."""

ATTEMPTS = (Attempt(iterations=300, dtype=np.float64),)
TOLERANCE = 1e-6

LARGEST_HESSIAN = 2_000
"""Coefficients up to which Newton's method with a Cholesky factor is the fastest solver."""

SMALLEST_DEVIATION = 1e-6

Float32 = npt.NDArray[np.float32]


class Probe(NamedTuple):
    """A linear classifier of vectors that are not standardised: coefficients (C, D) and intercepts (C,)."""

    coefficients: FloatArray
    intercepts: FloatArray


class Scaling(NamedTuple):
    """Mean and standard deviation (D,) of training vectors."""

    mean: FloatArray
    deviation: FloatArray

    @classmethod
    def of(cls, vectors: Float32) -> "Scaling":
        """Compute the scaling of training vectors (N, D)."""
        deviation = vectors.std(axis=0, dtype=np.float64).clip(min=SMALLEST_DEVIATION)
        return cls(vectors.mean(axis=0, dtype=np.float64), deviation)

    def applied(self, vectors: Float32) -> FloatArray:
        """Return standardised vectors (N, D)."""
        scaled: FloatArray = (vectors - self.mean) / self.deviation
        return scaled

    def undone(self, coefficients: FloatArray, intercepts: FloatArray) -> Probe:
        """Turn a layer (K, D), (K,) on standardised vectors into the equivalent layer on the raw vectors."""
        unscaled = coefficients / self.deviation
        return Probe(unscaled, intercepts - unscaled @ self.mean)


def search_probes(
    given: float | None,
    vectors: Float32,
    labels: IntArray,
    weights: FloatArray,
    valid_vectors: Float32,
    valid_labels: IntArray,
    runtime: Runtime,
) -> Search[Probe]:
    """Fit a probe for each C that is tried.

    Args:
        given: the only C to try; None searches on validation.
        vectors: (N, D) of training texts.
        labels: (N,) of C classes, each of which occurs.
        weights: (N,) of the training texts.
        valid_vectors: (M, D) of validation texts.
        valid_labels: (M,) their classes.
        runtime: the processors to use and the metric to select by.
    """

    def fit(grid: Sequence[float]) -> list[Trial[Probe]]:
        trials = []
        probes = fit_probes(grid, vectors, labels, weights, runtime.threads)
        for C, (probe, converged) in zip(grid, probes, strict=True):  # noqa: N806
            entry = {
                "C": C,
                "train_loss": mean_log_loss(_scores(probe, vectors), labels, weights),
                **judged(_scores(probe, valid_vectors), valid_labels, runtime.criterion),
                "converged": float(converged),
            }
            trials.append(Trial(entry, probe))
        return trials

    return search(given, C_GRID, fit)


def fit_probes(
    grid: Sequence[float], vectors: Float32, labels: IntArray, weights: FloatArray, threads: int
) -> list[tuple[Probe, bool]]:
    """Fit a logistic regression on standardised vectors for each C; return each with whether its solver converged."""
    scaling, classes = Scaling.of(vectors), len(np.unique(labels))
    coefficients = vectors.shape[1] * (1 if classes == 2 else classes)
    solver = "newton-cholesky" if coefficients <= LARGEST_HESSIAN else "newton-cg"
    classifier = LogisticRegression(solver=solver, tol=TOLERANCE)
    solutions = solve_each(classifier, grid, scaling.applied(vectors), labels, weights, ATTEMPTS, threads)
    return [(scaling.undone(*each_class(s.classifier.coef_, s.classifier.intercept_)), s.converged) for s in solutions]


def each_class(coefficients: FloatArray, intercepts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a row for each class; scikit-learn keeps the difference of two classes only."""
    if len(intercepts) > 1:
        return coefficients, intercepts
    return np.concatenate([-coefficients, coefficients]) / 2, np.concatenate([-intercepts, intercepts]) / 2


def softmax(logits: FloatArray) -> FloatArray:
    """Turn logits (N, C) into probabilities."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: FloatArray = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def judged(probabilities: FloatArray, labels: IntArray, criterion: Criterion) -> dict[str, float]:
    """Return the validation entries of a history."""
    return {
        "valid_loss": mean_log_loss(probabilities, labels),
        "valid_accuracy": float((probabilities.argmax(axis=1) == labels).mean()),
        **criterion.entry(labels, probabilities),
    }


def mean_log_loss(probabilities: FloatArray, labels: IntArray, weights: FloatArray | None = None) -> float:
    """Log loss in nats."""
    return float(log_loss(labels, probabilities, labels=range(probabilities.shape[1]), sample_weight=weights))


def _scores(probe: Probe, vectors: Float32) -> FloatArray:
    return softmax(vectors @ probe.coefficients.T + probe.intercepts)
