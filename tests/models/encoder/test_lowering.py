"""Where the states of a DistilBERT are cast, against transformers' own network under autocast."""

import copy

import pytest
import torch
from in_bfloat16 import needs_bfloat16
from transformers import DistilBertConfig, DistilBertModel

from models.encoder import attention
from models.encoder.lowering import lower_states


@pytest.fixture
def theirs():
    torch.manual_seed(0)
    config = DistilBertConfig(vocab_size=60, dim=16, n_layers=2, n_heads=2, hidden_dim=32)
    config._attn_implementation = attention.NAME
    return DistilBertModel(config).eval()


@pytest.fixture
def ours(theirs):
    network = copy.deepcopy(theirs)
    lower_states(network)
    return network


@pytest.fixture
def batch():
    torch.manual_seed(1)
    mask = torch.ones(3, 7, dtype=torch.bool)
    mask[0, 4:] = False
    return {"input_ids": torch.randint(5, 60, (3, 7)), "attention_mask": mask}


def dtypes_read(network):
    """The precision of what the projections and the norms of each layer read, filled in by the next pass."""
    seen = {"projection": [], "norm": []}
    for layer in network.transformer.layer:
        for kind, module in (("projection", layer.attention.q_lin), ("norm", layer.output_layer_norm)):
            module.register_forward_pre_hook(lambda _, read, kind=kind: seen[kind].append(read[0].dtype))
    return seen


def test_in_training_projections_read_what_is_lowered_and_norms_do_not(theirs, ours, batch):
    seen = dtypes_read(ours)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(ours(**batch).last_hidden_state, theirs(**batch).last_hidden_state)
    assert seen == {"projection": [torch.bfloat16] * 2, "norm": [torch.float32] * 2}


def test_without_autocast_nothing_is_lowered(theirs, ours, batch):
    seen = dtypes_read(ours)
    with torch.inference_mode():
        assert torch.equal(ours(**batch).last_hidden_state, theirs(**batch).last_hidden_state)
    assert seen == {"projection": [torch.float32] * 2, "norm": [torch.float32] * 2}


@needs_bfloat16
def test_in_scoring_all_states_are_lowered_and_the_same_to_rounding(theirs, ours, batch):
    seen = dtypes_read(ours)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        found, expected = ours(**batch).last_hidden_state, theirs(**batch).last_hidden_state
    assert seen == {"projection": [torch.bfloat16] * 2, "norm": [torch.bfloat16] * 2}
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.float(), expected, atol=0.05, rtol=0.02)


def test_a_traced_network_has_no_cast_of_the_embeddings(ours, batch):
    seen = dtypes_read(ours)

    class Traced(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = ours

        def forward(self, ids):
            return self.encoder(input_ids=ids).last_hidden_state

    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        torch.jit.trace(Traced(), batch["input_ids"], check_trace=False)
    assert set(seen["norm"]) == {torch.float32}
