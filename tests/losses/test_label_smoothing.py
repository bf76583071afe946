import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from losses.label_smoothing import LabelSmoothing

LENGTHS, LABELS = np.array([3, 4, 5]), np.array([0, 1, 2])


def value(logits, **settings):
    return LabelSmoothing(LENGTHS, LABELS, **settings)(logits, torch.from_numpy(LABELS), torch.from_numpy(LENGTHS))


def test_values_are_those_of_the_formula():
    logits = torch.randn(3, 3, dtype=torch.float64).float()
    log_p = logits.log_softmax(dim=1)
    target = torch.full((3, 3), 0.3 / 3) + 0.7 * torch.eye(3)
    torch.testing.assert_close(value(logits, epsilon=0.3), -(target * log_p).sum(dim=1))


def test_epsilon_zero_is_cross_entropy():
    logits = torch.randn(3, 3)
    torch.testing.assert_close(
        value(logits, epsilon=0.0), cross_entropy(logits, torch.from_numpy(LABELS), reduction="none")
    )


def test_it_has_no_sample_weights():
    with pytest.raises(ValueError, match=r"^loss 'label_smoothing' is no weighting of cross-entropy"):
        LabelSmoothing(LENGTHS, LABELS).sample_weight(LENGTHS, LABELS)
