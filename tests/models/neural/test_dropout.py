import pytest
import torch
from torch import nn

from models.neural.dropout import Dropout, with_fast_dropout


def drop(p, values):
    torch.manual_seed(0)
    return Dropout(p)(values)


@pytest.mark.parametrize("p", [0.1, 0.2, 0.6, 0.999])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_share_that_is_dropped_and_the_mean_that_is_kept(p, dtype):
    values = torch.ones(1_001, 999, dtype=dtype)
    dropped = drop(p, values)
    assert dropped.dtype == dtype
    assert dropped.shape == values.shape
    assert (dropped == 0).double().mean().item() == pytest.approx(p, abs=4 * (p * (1 - p) / values.numel()) ** 0.5)
    assert set(dropped.unique().tolist()) == {0.0, torch.tensor(1 / (1 - round(p * 65_536) / 65_536)).to(dtype).item()}


@pytest.mark.parametrize("axis", [0, 1])
def test_each_value_has_a_fate_of_its_own(axis):
    """Rows and columns are as different from their neighbours, and from those four further on, as chance has it."""
    kept = drop(0.5, torch.ones(400, 404)) > 0
    for apart in (1, 2, 3, 4):
        same = (kept == kept.roll(apart, dims=axis)).double().mean().item()
        assert same == pytest.approx(0.5, abs=0.01)


def test_gradients_flow_where_values_are_kept():
    values = torch.randn(50, 7, requires_grad=True)
    dropped = drop(0.3, values)
    dropped.sum().backward()
    torch.testing.assert_close(values.grad * values.detach(), dropped.detach())


def test_a_seed_says_it_all():
    values = torch.ones(33, 5)
    assert torch.equal(drop(0.4, values), drop(0.4, values))


@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 0), (5,)])
def test_any_shape(shape):
    assert drop(0.5, torch.ones(shape)).shape == shape


@pytest.mark.parametrize(("p", "expected"), [(0.0, 1.0), (1.0, 0.0)])
def test_all_and_nothing(p, expected):
    assert drop(p, torch.ones(9)).tolist() == [expected] * 9


def test_nothing_is_dropped_but_in_training():
    values = torch.randn(9)
    assert torch.equal(Dropout(0.9).eval()(values), values)


def test_every_dropout_of_a_network_is_replaced():
    network = nn.Sequential(
        nn.Linear(2, 2), nn.Dropout(0.3), nn.ModuleDict({"inner": nn.Dropout(0.4)}), nn.Dropout1d(0.5)
    )
    names = list(network.state_dict())
    assert with_fast_dropout(network) is network
    found = [(type(part), part.p) for part in network.modules() if hasattr(part, "p")]
    assert found == [(Dropout, 0.3), (Dropout, 0.4), (nn.Dropout1d, 0.5)]
    assert list(network.state_dict()) == names
