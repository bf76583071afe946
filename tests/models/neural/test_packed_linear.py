"""Packed linear layers: the scores of PyTorch's own layers, and never those of weights that have changed."""

import copy

import pytest
import torch
from in_bfloat16 import needs_bfloat16, score
from torch import nn
from torch.nn.functional import gelu

from models.neural.packed_linear import PackedLinear, with_packed_linear

pytestmark = needs_bfloat16


@pytest.fixture
def layer():
    torch.manual_seed(0)
    return nn.Linear(48, 64)


@pytest.fixture
def values():
    torch.manual_seed(1)
    return torch.randn(3, 5, 48)


def test_a_layer_has_the_values_of_pytorch_s_own(layer, values):
    found = score(PackedLinear(layer), values)
    assert found.dtype == torch.bfloat16
    assert torch.equal(found, score(layer, values))


def test_a_layer_without_a_bias(values):
    layer = nn.Linear(48, 64, bias=False)
    assert torch.equal(score(PackedLinear(layer), values), score(layer, values))


def test_a_gelu_after_the_layer_is_the_same_to_rounding(layer, values):
    found = score(PackedLinear(layer, with_gelu=True), values)
    torch.testing.assert_close(found, score(nn.Sequential(layer, nn.GELU()), values), atol=2**-7, rtol=2**-7)
    assert not torch.allclose(found, score(layer, values), atol=0.1)


@pytest.mark.parametrize("with_gelu", [False, True])
def test_with_gradients_and_in_float32_it_is_pytorch_s_layer(layer, values, with_gelu):
    packed = PackedLinear(layer, with_gelu=with_gelu)
    expected = gelu(layer(values)) if with_gelu else layer(values)
    assert torch.equal(packed(values), expected)
    with torch.inference_mode():
        assert torch.equal(packed(values), expected)
    packed(values).sum().backward()
    assert layer.weight.grad is not None


def test_a_step_of_an_optimizer_is_seen(layer, values):
    """AdamW's fused step leaves a parameter's version as it was."""
    packed = PackedLinear(layer)
    before = score(packed, values)
    optimizer = torch.optim.AdamW(packed.parameters(), lr=0.1, fused=True)
    packed(values).square().sum().backward()
    optimizer.step()
    assert torch.equal(score(packed, values), score(layer, values))
    assert not torch.equal(score(packed, values), before)


@pytest.mark.parametrize("assign", [False, True])
def test_loaded_weights_are_seen(layer, values, assign):
    packed = PackedLinear(layer)
    before = score(packed, values)
    changed = {name: weight + 1 for name, weight in layer.state_dict().items()}
    packed.load_state_dict(changed, assign=assign)
    layer.load_state_dict(changed)
    assert torch.equal(score(packed, values), score(layer, values))
    assert not torch.equal(score(packed, values), before)


def test_a_replaced_bias_is_seen(layer, values):
    packed = PackedLinear(layer)
    score(packed, values)
    packed.bias = nn.Parameter(layer.bias.detach() + 1)
    layer.bias = packed.bias
    assert torch.equal(score(packed, values), score(layer, values))


def test_weights_are_packed_once(layer, values, monkeypatch):
    packed = PackedLinear(layer)
    times = []
    pack = packed._pack
    monkeypatch.setattr(packed, "_pack", lambda: times.append(1) or pack())
    score(packed, values)
    score(packed, values)
    assert times == [1]


def test_a_copy_is_made_of_a_layer_that_has_scored(layer, values):
    packed = PackedLinear(layer)
    expected = score(packed, values)
    assert torch.equal(score(copy.deepcopy(packed), values), expected)


def test_a_layer_that_has_scored_can_be_compiled(layer, values):
    packed = PackedLinear(layer, with_gelu=True)
    expected = score(packed, values)
    compiled = score(torch.compile(packed, backend="eager"), values)
    torch.testing.assert_close(compiled, expected, atol=2**-7, rtol=2**-7)


def test_a_layer_that_has_scored_can_be_traced(layer, values):
    """As an export does, in float32; in bfloat16 the trace has PyTorch's own operations."""
    packed = PackedLinear(layer)
    score(packed, values)
    with torch.no_grad():
        assert torch.equal(torch.jit.trace(packed, values)(values), layer(values))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        assert "mkldnn" not in str(torch.jit.trace(packed, values, check_trace=False).inlined_graph)


def test_a_network_keeps_its_parameters_and_their_names():
    network = nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 2), nn.ReLU()))
    before = dict(network.named_parameters())
    assert with_packed_linear(network) is network
    after = dict(network.named_parameters())
    assert list(before) == list(after)
    assert all(before[name] is after[name] for name in before)
    assert [type(part) for part in (network[0], network[1][0])] == [PackedLinear, PackedLinear]
    inner = network[1][0]
    with_packed_linear(network)
    assert network[1][0] is inner
