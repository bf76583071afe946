"""Logistic regressions over a grid of regularisation strengths, each with its convergence."""

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
from scipy.sparse import csr_array
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from data.dataset import IntArray


@dataclass(frozen=True)
class Attempt:
    """A limit of iterations, and the type of the features."""

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
    threads: int = 1,
) -> list[Solution]:
    """Fit a copy of `classifier` for each C of `grid`.

    `threads` copies are fitted at the same time: products with sparse matrices release the interpreter's lock. No warm
    start between values of C, so the result does not depend on the thread count.

    Args:
        classifier: not fitted; with `warm_start` if there are several attempts.
        grid: inverse strengths of regularisation.
        features: (N, V).
        labels: (N,).
        weights: (N,) of the texts.
        attempts: each continues from where the previous one stopped short.
        threads: processors to use.
    """
    with _faults_by_thread() as faults, ThreadPoolExecutor(threads) as pool:

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
    """Whether a solver of this thread has warned that it did not converge."""

    any = False


@contextmanager
def _faults_by_thread() -> Iterator[_Faults]:
    """Record solvers' warnings by thread; `warnings` can only catch them for all threads at once."""
    faults = _Faults()

    def listen(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        faults.any |= issubclass(category, ConvergenceWarning) or "Line Search" in str(message)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = listen
        yield faults
