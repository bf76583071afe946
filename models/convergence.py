"""A solver of scikit-learn's, and whether it reached its tolerance."""

import warnings

import numpy as np
import numpy.typing as npt
from scipy.sparse import sparray, spmatrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression


def solve(
    classifier: LogisticRegression,
    features: sparray | spmatrix,
    labels: npt.NDArray[np.integer | np.bool_],
    weights: npt.NDArray[np.floating],
) -> bool:
    """Fit `classifier` to `features` (N, V), `labels` (N,), `weights` (N,); whether it reached its tolerance."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        classifier.fit(features, labels, sample_weight=weights)
    return not any(issubclass(w.category, ConvergenceWarning) or "Line Search" in str(w.message) for w in caught)
