import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from losses.length_weighted_ce import LengthWeightedCrossEntropy

LENGTHS, LABELS = np.array([0, 256, 512, 2048]), np.array([0, 1, 1, 0])


def test_weights_are_those_of_the_formula():
    # 1 + min(n, 512) / 512 is 1, 1.5, 2, 2; their mean is 1.625
    loss = LengthWeightedCrossEntropy(LENGTHS, LABELS)
    assert loss.sample_weight(LENGTHS, LABELS).tolist() == pytest.approx([1 / 1.625, 1.5 / 1.625, 2 / 1.625, 2 / 1.625])


def test_torch_multiplies_by_the_very_same_weights():
    loss = LengthWeightedCrossEntropy(LENGTHS, LABELS, alpha=0.7, cap=300)
    logits, labels = torch.randn(4, 2), torch.from_numpy(LABELS)
    plain = cross_entropy(logits, labels, reduction="none")
    expected = torch.from_numpy(loss.sample_weight(LENGTHS, LABELS)).float() * plain
    torch.testing.assert_close(loss(logits, labels, torch.from_numpy(LENGTHS)), expected)


def test_weights_are_fixed_by_training_and_not_by_the_batch():
    loss = LengthWeightedCrossEntropy(LENGTHS, LABELS)
    assert loss.sample_weight(np.array([512, 512]), np.array([0, 1])).mean() > 1.2


def test_alpha_zero_is_cross_entropy():
    assert LengthWeightedCrossEntropy(LENGTHS, LABELS, alpha=0.0).sample_weight(LENGTHS, LABELS).tolist() == [
        1,
        1,
        1,
        1,
    ]


def test_a_larger_alpha_weighs_long_texts_more():
    ratios = []
    for alpha in (0.5, 1.0, 2.0):
        short, *_, long = LengthWeightedCrossEntropy(LENGTHS, LABELS, alpha=alpha).sample_weight(LENGTHS, LABELS)
        ratios.append(long / short)
    assert ratios == pytest.approx([1.5, 2.0, 3.0])
