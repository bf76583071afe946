import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from models.linear.probes import fit_probes


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("width", [5, 900])
def test_a_probe_is_scikit_learn_s_on_standardised_vectors(classes, width):
    """By either solver: more than `LARGEST_HESSIAN` coefficients for three classes of width 900."""
    generator = np.random.default_rng(0)
    labels = np.arange(60) % classes
    vectors = (generator.normal(size=(60, width)) * 3 + 7 + labels[:, None]).astype(np.float32)
    weights = generator.uniform(0.5, 1.5, 60)
    ((coefficients, intercepts), converged), _ = fit_probes((0.01, 0.1), vectors, labels, weights, 1)
    scaled = StandardScaler().fit_transform(vectors.astype(np.float64))
    stock = LogisticRegression(C=0.01, tol=1e-10, max_iter=10_000).fit(scaled, labels, weights)
    logits = vectors @ coefficients.T + intercepts
    own = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert converged
    np.testing.assert_allclose(own, stock.predict_proba(scaled), atol=1e-4)
