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
from joblib import cpu_count
from scipy.sparse import csr_array
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from data.dataset import IntArray


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


def solve_each(
    classifier: LogisticRegression,
    grid: Sequence[float],
    features: csr_array,
    labels: IntArray,
    weights: npt.NDArray[np.floating],
    attempts: Sequence[Attempt],
) -> list[Solution]:
    """For each C of `grid`, a copy of `classifier` fitted with it.

    As many at the same time as there are processors: products with sparse matrices let other threads run. None begins
    where another ended, so that the number of threads changes no digit.

    Args:
        classifier: not fitted; with `warm_start` if there are several attempts.
        grid: inverse strengths of regularisation.
        features, labels, weights: (N, V), (N,), (N,).
        attempts: each goes on from where the one before it stopped short.
    """
    with _faults_by_thread() as faults, ThreadPoolExecutor(cpu_count()) as pool:

        def converges(own: LogisticRegression, attempt: Attempt) -> bool:
            faults.any = False
            own.set_params(max_iter=attempt.iterations)
            own.fit(features.astype(attempt.dtype, copy=False), labels, sample_weight=weights)
            return not faults.any

        def solve(C: float) -> Solution:  # noqa: N803  (the name it has everywhere)
            own = deepcopy(classifier).set_params(C=C)
            converged = any(map(partial(converges, own), attempts))
            return Solution(own, converged)

        return list(pool.map(solve, grid))


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
