"""A packed LSTM: the states of PyTorch's own layer, and never those of weights that have changed."""

import copy

import pytest
import torch
from in_bfloat16 import needs_bfloat16, score
from torch import nn

from models.neural.packed_lstm import PackedLstm

pytestmark = needs_bfloat16


@pytest.fixture
def layer():
    torch.manual_seed(0)
    return PackedLstm(24, 32).eval()


@pytest.fixture
def stock(layer):
    network = nn.LSTM(24, 32, batch_first=True).eval()
    network.load_state_dict(layer.state_dict())
    return network


@pytest.fixture
def values():
    torch.manual_seed(1)
    return torch.randn(3, 50, 24)


def assert_same(layer, stock, values):
    found, expected = flat(score(layer, values)), flat(score(stock, values))
    assert {part.dtype for part in found} == {torch.bfloat16}
    assert all(torch.equal(part, own) for part, own in zip(found, expected, strict=True))


def flat(output):
    """States, last hidden state and last cell state."""
    states, (hidden, cell) = output
    return states, hidden, cell


def test_states_are_those_of_pytorch_s_own_layer(layer, stock, values):
    assert_same(layer, stock, values)


@pytest.mark.parametrize("shape", [(1, 1, 24), (1, 60, 24), (40, 3, 24)])
def test_every_shape_is_computed(layer, stock, shape):
    score(layer, torch.randn(2, 9, 24))
    assert_same(layer, stock, torch.randn(shape))


def test_states_of_a_text_do_not_depend_on_the_others(layer, values):
    torch.testing.assert_close(score(layer, values[:1])[0], score(layer, values)[0][:1], atol=2**-6, rtol=2**-6)


def test_values_may_lie_in_memory_in_any_order(layer, values):
    otherwise = values.transpose(0, 1).contiguous().transpose(0, 1)
    assert torch.equal(score(layer, otherwise)[0], score(layer, values)[0])


def test_with_gradients_and_in_float32_it_is_pytorch_s_layer(layer, stock, values):
    assert torch.equal(layer(values)[0], stock(values)[0])
    with torch.inference_mode():
        assert torch.equal(layer(values)[0], stock(values)[0])
    layer(values)[0].sum().backward()
    assert all(parameter.grad is not None for parameter in layer.parameters())


def test_a_step_of_an_optimizer_is_seen(layer, stock, values):
    before = score(layer, values)[0]
    optimizer = torch.optim.AdamW(layer.parameters(), lr=0.1, fused=True)
    layer(values)[0].square().sum().backward()
    optimizer.step()
    stock.load_state_dict(layer.state_dict())
    assert_same(layer, stock, values)
    assert not torch.allclose(score(layer, values)[0], before, atol=0.05)


@pytest.mark.parametrize("assign", [False, True])
@pytest.mark.parametrize("name", ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"])
def test_a_loaded_parameter_is_seen(layer, stock, values, name, assign):
    score(layer, values)
    changed = layer.state_dict()
    changed[name] = changed[name] + 0.3
    layer.load_state_dict(changed, assign=assign)
    stock.load_state_dict(changed)
    assert_same(layer, stock, values)


def test_weights_are_packed_once(layer, values, monkeypatch):
    times = []
    pack = layer._pack
    monkeypatch.setattr(layer, "_pack", lambda: times.append(1) or pack())
    score(layer, values)
    score(layer, values)
    assert times == [1]


def test_a_copy_is_made_of_a_layer_that_has_scored(layer, values):
    expected = score(layer, values)[0]
    assert torch.equal(score(copy.deepcopy(layer), values)[0], expected)


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
def test_a_layer_that_has_scored_can_be_compiled_and_traced(layer, stock, values):
    score(layer, values)
    torch.testing.assert_close(score(torch.compile(layer, backend="eager"), values)[0], score(stock, values)[0])
    with torch.no_grad():
        assert torch.equal(torch.jit.trace(layer, values)(values)[0], stock(values)[0])
