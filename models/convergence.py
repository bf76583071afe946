"""A logistic regression of scikit-learn's for each of several strengths of regularisation, and whether it converged."""

import threading
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import sparray, spmatrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

PARTS = 2
"""Of a grid, solved at the same time. As many on every machine: where a solver begins shows in its last digits."""


@dataclass(frozen=True)
class Attempt:
    """At most so many iterations on features of that type."""

    iterations: int
    dtype: type[np.floating]


@dataclass(frozen=True)
class Solution:
    """A fitted classifier, and whether its solver reached its tolerance."""

    classifier: LogisticRegression
    converged: bool


def solve_path(
    classifier: LogisticRegression,
    grid: Sequence[float],
    features: sparray | spmatrix,
    labels: npt.NDArray[np.integer | np.bool_],
    weights: npt.NDArray[np.floating],
    attempts: Sequence[Attempt],
) -> list[Solution]:
    """For each C of `grid`, a copy of `classifier` fitted with it.

    The grid is cut into `PARTS`, each with a thread of its own: products with sparse matrices let others run. Within a
    part, a classifier with `warm_start` begins for each C where it ended for the one before.

    Args:
        classifier: not fitted.
        grid: inverse strengths of regularisation.
        features, labels, weights: (N, V), (N,), (N,).
        attempts: each goes on from where the one before it stopped short.
    """
    parts = np.array_split(np.asarray(grid, dtype=np.float64), PARTS)
    with _faults_by_thread() as faults, ThreadPoolExecutor(PARTS) as pool:

        def converges(own: LogisticRegression, attempt: Attempt) -> bool:
            faults.any = False
            own.set_params(max_iter=attempt.iterations)
            own.fit(features.astype(attempt.dtype, copy=False), labels, sample_weight=weights)
            return not faults.any

        def solve(part: npt.NDArray[np.float64]) -> list[Solution]:
            own, solutions = deepcopy(classifier), []
            for C in part.tolist():  # noqa: N806  (the name it has everywhere)
                converged = any(map(partial(converges, own.set_params(C=C)), attempts))
                solutions.append(Solution(deepcopy(own), converged))
            return solutions

        return [solution for solutions in pool.map(solve, parts) for solution in solutions]


class _Faults(threading.local):
    """Whether a solver of this thread has warned that it did not get where it should."""

    any = False


@contextmanager
def _faults_by_thread() -> Iterator[_Faults]:
    """Listen to solvers. Warnings are caught for all threads at once: `warnings` knows no other way."""
    faults = _Faults()

    def listen(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        faults.any |= issubclass(category, ConvergenceWarning) or "Line Search" in str(message)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = listen
        yield faults
