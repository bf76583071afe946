"""Operations counted: by PyTorch's counter, by formula, and the two against each other."""

import pytest
import torch
from in_bfloat16 import needs_bfloat16
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import cross_entropy
from torch.utils.flop_counter import FlopCounterMode
from transformers import DistilBertConfig

from models.distilbert import FirstTokenClassifier
from models.distilbert_mlp import MeanPooledClassifier
from models.encoder import attention
from models.lstm import LstmNetwork, lstm_flops
from models.neural.flops import TRAINING_PASSES, count, counted_flops
from models.neural.packed_linear import with_packed_linear

WIDTH, HEADS, HIDDEN, LAYERS, CLASSES = 32, 4, 96, 2, 3


@pytest.fixture
def config():
    config = DistilBertConfig(vocab_size=50, dim=WIDTH, n_heads=HEADS, hidden_dim=HIDDEN, n_layers=LAYERS)
    config.attention_dropout = 0.0
    config._attn_implementation = attention.NAME
    return config


@pytest.fixture
def lstm():
    return LstmNetwork(words=50, embedding_width=12, hidden_width=8, dropout=0.0, num_classes=CLASSES)


def layer_flops(length, computed):
    """Of as many tokens' queries, outputs, perceptrons of two layers and attention; of all tokens' keys and values."""
    projections = (2 * computed + 2 * length) * WIDTH**2
    return 2 * (projections + 2 * computed * WIDTH * HIDDEN + 2 * computed * length * WIDTH)


def encoder_flops(length):
    return LAYERS * layer_flops(length, length)


def first_token_flops(length):
    return (LAYERS - 1) * layer_flops(length, length) + layer_flops(length, 1)


@pytest.mark.parametrize("length", [3, 8, 100, 512])
def test_a_transformer_is_counted_as_the_formula_has_it(config, length):
    first = counted_flops(FirstTokenClassifier(config, CLASSES, 0.1), "cpu")
    assert first.of(1, length, length**2) == first_token_flops(length) + 2 * WIDTH * (WIDTH + CLASSES)
    mean = counted_flops(MeanPooledClassifier(config, CLASSES, 20, 0.1), "cpu")
    assert mean.of(1, length, length**2) == encoder_flops(length) + 2 * 20 * (WIDTH + CLASSES)


@needs_bfloat16
def test_packed_layers_are_counted_like_others(config):
    network = with_packed_linear(FirstTokenClassifier(config, CLASSES, 0.1))
    expected = count(network, 8, "cpu")
    with torch.autocast("cpu", torch.bfloat16):
        assert count(network, 8, "cpu") == expected > 0


def test_a_length_that_was_not_counted_is_what_counting_it_gives(config):
    network = FirstTokenClassifier(config, CLASSES, 0.1)
    assert counted_flops(network, "cpu").of(1, 77, 77**2) == count(network, 77, "cpu")


@pytest.mark.parametrize("length", [1, 8, 50])
def test_an_lstm_s_formula_is_what_the_counter_counts_without_fused_kernels(lstm, length):
    with torch.backends.mkldnn.flags(enabled=False):
        assert lstm_flops(12, 8, CLASSES).of(1, length, length**2) == count(lstm, length, "cpu")


def test_what_the_counter_cannot_see_is_not_counted(lstm):
    assert counted_flops(lstm, "cpu") is None
    assert counted_flops(Blind(), "cpu") is None


class Blind(nn.Module):
    def forward(self, input_ids, mask):
        return input_ids * mask


@pytest.mark.parametrize("name", ["transformer", "lstm"])
def test_a_training_step_takes_three_forward_passes(config, lstm, name):
    """Each product of the forward pass gives two of the backward one: for the weights and for what went in."""
    network = lstm if name == "lstm" else FirstTokenClassifier(config, CLASSES, 0.0)
    network.train()
    ids = torch.ones(2, 16, dtype=torch.int64)
    with (
        torch.backends.mkldnn.flags(enabled=False),
        sdpa_kernel(SDPBackend.MATH),
        FlopCounterMode(display=False) as counter,
    ):
        cross_entropy(
            network(ids, torch.ones_like(ids, dtype=torch.bool)), torch.zeros(2, dtype=torch.int64)
        ).backward()
    forward = lstm_flops(12, 8, CLASSES) if name == "lstm" else counted_flops(network, "cpu")
    # An LSTM's first state is a constant, whose gradient nobody needs: a little less than three.
    assert counter.get_total_flops() == pytest.approx(TRAINING_PASSES * forward.of(2, 2 * 16, 2 * 16**2), rel=0.03)
