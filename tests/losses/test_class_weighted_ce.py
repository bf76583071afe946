import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from losses.class_weighted_ce import ClassWeightedCrossEntropy

LENGTHS = np.array([5, 5, 5, 5, 5, 5])
LABELS = np.array([0, 0, 0, 2, 2, 3])  # no text of class 1


def test_each_class_has_the_same_total_weight():
    weights = ClassWeightedCrossEntropy(LENGTHS, LABELS).sample_weight(LENGTHS, LABELS)
    assert np.bincount(LABELS, weights)[[0, 2, 3]].tolist() == pytest.approx([2, 2, 2])
    assert weights.mean() == pytest.approx(1, abs=1e-15)


def test_effective_numbers_are_those_of_the_formula():
    """Cui et al. (2019), equation 2: E_n = (1 - beta^n) / (1 - beta); weights in proportion to 1 / E_n."""
    weights = ClassWeightedCrossEntropy(LENGTHS, LABELS, beta=0.5).sample_weight(LENGTHS, LABELS)
    effective = np.array([1.75, 1.75, 1.75, 1.5, 1.5, 1.0])
    assert weights.tolist() == pytest.approx(1 / effective / np.mean(1 / effective))


@pytest.mark.parametrize(("beta", "expected"), [(0.0, [1] * 6), (1 - 1e-9, [2 / 3, 2 / 3, 2 / 3, 1, 1, 2])])
def test_beta_goes_from_cross_entropy_to_balanced(beta, expected):
    weights = ClassWeightedCrossEntropy(LENGTHS, LABELS, beta=beta).sample_weight(LENGTHS, LABELS)
    assert weights.tolist() == pytest.approx(expected, rel=1e-6)


def test_torch_multiplies_by_the_very_same_weights():
    loss = ClassWeightedCrossEntropy(LENGTHS, LABELS)
    logits, labels = torch.randn(6, 4), torch.from_numpy(LABELS)
    expected = torch.from_numpy(loss.sample_weight(LENGTHS, LABELS)).float()
    expected = expected * cross_entropy(logits, labels, reduction="none")
    torch.testing.assert_close(loss(logits, labels, torch.from_numpy(LENGTHS)), expected)


def test_classes_of_equal_size_give_cross_entropy():
    balanced = np.array([0, 1, 2, 0, 1, 2])
    weights = ClassWeightedCrossEntropy(LENGTHS, balanced).sample_weight(LENGTHS, balanced)
    assert weights.tolist() == [1] * 6
