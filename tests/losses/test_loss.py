"""The signature that every loss has."""

import numpy as np
import pytest

from losses.ce import CrossEntropy
from losses.loss import Loss


def test_a_constructor_without_labels_is_refused_in_one_line():
    with pytest.raises(TypeError, match=r"^Old\.__init__ takes \(lengths\), but a loss is built from .* labels\)$"):

        class Old(CrossEntropy):
            def __init__(self, lengths, *, alpha=1.0):
                super().__init__(lengths, lengths)


def test_weights_without_labels_are_refused_in_one_line():
    with pytest.raises(
        TypeError, match=r"^Old\.sample_weight takes \(lengths\), .*sample_weight\(self, lengths, labels\)$"
    ):

        class Old(CrossEntropy):
            def sample_weight(self, lengths):
                return np.ones(len(lengths))


def test_every_training_text_has_a_label():
    with pytest.raises(ValueError, match=r"^a loss needs a label for each training text, not 1 for 2$"):
        CrossEntropy(np.array([3, 4]), np.array([0]))


def test_a_weighting_without_weights_is_an_error_of_its_author():
    class Bare(Loss):
        name = "bare"

        def __call__(self, logits, labels, lengths):
            return logits

    with pytest.raises(NotImplementedError, match=r"^loss 'bare' is a weighting, and defines no sample_weight$"):
        Bare(np.array([3]), np.array([0])).sample_weight(np.array([3]), np.array([0]))
