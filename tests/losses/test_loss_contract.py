"""What every registered loss must do, whatever it is."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from benchmarks.registry import loss_class, names

LENGTHS = np.random.default_rng(0).integers(1, 1500, 400)
LOSSES = names("losses")


@pytest.fixture(params=LOSSES)
def loss(request):
    return loss_class(request.param)(LENGTHS)


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_has_tests_of_its_own(name):
    assert (Path(__file__).parent / f"test_{name}.py").is_file()


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_knows_its_registered_name(name):
    assert loss_class(name).name == name


def test_weights_have_mean_one_over_the_training_set(loss):
    assert loss.sample_weight(LENGTHS).mean() == pytest.approx(1, abs=1e-12)


def test_a_loss_is_unreduced_and_in_float32(loss):
    values = loss(torch.zeros(5, 3, dtype=torch.bfloat16), torch.tensor([0, 1, 2, 0, 1]), torch.arange(5))
    assert values.shape == (5,)
    assert values.dtype == torch.float32


def test_a_loss_does_not_depend_on_what_shares_the_batch(loss):
    logits, labels, lengths = torch.randn(8, 2), torch.randint(2, (8,)), torch.from_numpy(LENGTHS[:8])
    alone = torch.cat([loss(logits[i : i + 1], labels[i : i + 1], lengths[i : i + 1]) for i in range(8)])
    torch.testing.assert_close(loss(logits, labels, lengths), alone)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_needs_training_lengths(name):
    with pytest.raises(ValueError, match="at least one training text"):
        loss_class(name)(np.empty(0, dtype=np.int64))


def test_scikit_learn_s_optimum_is_a_stationary_point_of_the_torch_loss(loss):
    """One definition: the weights handed to scikit-learn and the value handed to torch have the same minimum."""
    gradient = gradient_at_optimum(loss, loss.sample_weight(LENGTHS))
    assert gradient.abs().max() < 1e-6


def test_the_stationary_point_moves_with_the_weights():
    """The test above could fail: another loss's weights leave a gradient."""
    loss = loss_class("length_weighted_ce")(LENGTHS)
    assert gradient_at_optimum(loss, np.ones(len(LENGTHS))).abs().max() > 1e-4


def gradient_at_optimum(loss, weights):
    """The torch objective's gradient where scikit-learn, given `weights`, finds its minimum; L2 term included."""
    generator = np.random.default_rng(1)
    features = generator.normal(size=(len(LENGTHS), 4))
    slope = 1 + LENGTHS / 700  # long texts follow another rule, so that weighting them moves the optimum
    labels = (features[:, 0] * slope + features[:, 1] + generator.normal(size=len(LENGTHS)) > 0).astype(np.int64)
    strength = 2.0
    fitted = LogisticRegression(C=1 / strength, solver="newton-cg", tol=1e-10, max_iter=1000).fit(
        features, labels, weights
    )
    coefficients = torch.tensor(fitted.coef_[0], requires_grad=True)
    intercept = torch.tensor(fitted.intercept_[0], requires_grad=True)
    score = torch.from_numpy(features) @ coefficients + intercept
    logits = torch.stack([torch.zeros_like(score), score], dim=1)
    values = loss(logits, torch.from_numpy(labels), torch.from_numpy(LENGTHS))
    objective = values.double().mean() + coefficients.square().sum() * strength / (2 * len(LENGTHS))
    return torch.cat([g.reshape(-1) for g in torch.autograd.grad(objective, [coefficients, intercept])])
