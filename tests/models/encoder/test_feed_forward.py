"""The feed-forward part of DistilBERT with a fused GELU, against transformers' own."""

import copy

import torch
from in_bfloat16 import needs_bfloat16
from transformers import DistilBertConfig, DistilBertModel

from models.encoder.feed_forward import fuse_gelu
from models.neural.packed_linear import PackedLinear


def encoder(activation):
    torch.manual_seed(0)
    config = DistilBertConfig(vocab_size=50, dim=32, n_layers=2, n_heads=2, hidden_dim=64, activation=activation)
    return DistilBertModel(config).eval()


def states(network):
    ids = torch.arange(24).view(2, 12)
    return network(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state


def test_states_and_names_of_weights_are_those_of_transformers():
    theirs = encoder("gelu")
    ours = copy.deepcopy(theirs)
    fuse_gelu(ours)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert all(isinstance(layer.ffn.lin1, PackedLinear) for layer in ours.transformer.layer)
    torch.testing.assert_close(states(ours), states(theirs))


@needs_bfloat16
def test_states_in_bfloat16_are_the_same_to_rounding():
    theirs = encoder("gelu")
    ours = copy.deepcopy(theirs)
    fuse_gelu(ours)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(states(ours), states(theirs), atol=0.05, rtol=0.02)


def test_another_activation_stays():
    network = encoder("relu")
    expected = states(network)
    fuse_gelu(network)
    assert torch.equal(states(network), expected)
