import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from losses.focal import Focal

LENGTHS, LABELS = np.array([3, 4, 5]), np.array([0, 1, 1])


def value(logits, **settings):
    return Focal(LENGTHS, LABELS, **settings)(logits, torch.from_numpy(LABELS), torch.from_numpy(LENGTHS))


def test_values_are_those_of_the_formula():
    probabilities = torch.tensor([[0.9, 0.1], [0.5, 0.5], [0.8, 0.2]])
    expected = [0.1**2 * -np.log(0.9), 0.5**2 * -np.log(0.5), 0.8**2 * -np.log(0.2)]
    assert value(probabilities.log()).tolist() == pytest.approx(expected, rel=1e-5)


def test_gamma_zero_is_cross_entropy():
    logits = torch.randn(3, 2)
    plain = cross_entropy(logits, torch.from_numpy(LABELS), reduction="none")
    torch.testing.assert_close(value(logits, gamma=0.0), plain)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("size", [1.0, 30.0, 200.0])
def test_its_gradient_is_finite_however_sure_the_model_is(gamma, size):
    logits = torch.tensor([[size, -size], [size, -size], [-size, size]], requires_grad=True)
    (gradient,) = torch.autograd.grad(value(logits, gamma=gamma).sum(), logits)
    assert gradient.isfinite().all()


def test_it_has_no_sample_weights():
    with pytest.raises(
        ValueError, match=r"^loss 'focal' is no weighting of cross-entropy: it trains no model that takes"
    ):
        Focal(LENGTHS, LABELS).sample_weight(LENGTHS, LABELS)
