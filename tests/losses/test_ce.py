import numpy as np
import pytest
import torch

from losses.ce import CrossEntropy


def test_value_is_minus_the_log_of_the_label_s_probability():
    loss = CrossEntropy(np.array([3, 4]), np.array([0, 1]))
    logits = torch.tensor([[0.0, np.log(3.0)], [np.log(3.0), 0.0]])
    values = loss(logits, torch.tensor([1, 1]), torch.tensor([3, 4]))
    assert values.tolist() == pytest.approx([-np.log(0.75), -np.log(0.25)])


def test_length_does_not_matter():
    loss = CrossEntropy(np.array([3, 4]), np.array([0, 1]))
    assert loss.sample_weight(np.array([1, 1000]), np.array([0, 1])).tolist() == [1, 1]
