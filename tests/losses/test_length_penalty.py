import numpy as np
import pytest
import torch

from losses.ce import CrossEntropy
from losses.length_penalty import LengthPenalty

LENGTHS, LABELS = np.array([10, 300, 2000]), np.array([0, 1, 1])


def test_its_gradient_is_cross_entropy_s():
    """The fault it is kept for: the added term cannot change training."""
    labels, lengths = torch.from_numpy(LABELS), torch.from_numpy(LENGTHS)
    logits = torch.randn(3, 2, requires_grad=True)
    (own,) = torch.autograd.grad(LengthPenalty(LENGTHS, LABELS)(logits, labels, lengths).sum(), logits)
    (plain,) = torch.autograd.grad(CrossEntropy(LENGTHS, LABELS)(logits, labels, lengths).sum(), logits)
    assert torch.equal(own, plain)


def test_its_value_is_not():
    labels, lengths, logits = torch.from_numpy(LABELS), torch.from_numpy(LENGTHS), torch.randn(3, 2)
    added = LengthPenalty(LENGTHS, LABELS, weight=0.2)(logits, labels, lengths) - CrossEntropy(LENGTHS, LABELS)(
        logits, labels, lengths
    )
    assert added.tolist() == pytest.approx([0.2 * n / 512 for n in LENGTHS], rel=1e-4)
