"""Which passes are recorded; tests/models/cuda/test_on_gpu.py records them on a GPU."""

import pytest
import torch
from torch import nn

from models.neural import graphs
from models.neural.graphs import RECORD_AFTER, GraphedNetwork


class Replayed:
    """Stands in for a recorded pair of passes: the gradient sets the backward pass going, as there."""

    def __init__(self, network, input_ids, mask, pool):
        self.network, self.calls = network, []
        made.append((self, pool))

    def __call__(self, input_ids, mask):
        self.calls.append(input_ids)
        logits = self.network(input_ids, mask)
        leaf = logits.detach().requires_grad_()
        leaf.register_post_accumulate_grad_hook(lambda found: logits.backward(found.grad))
        return leaf


made = []


class Sums(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10, 2)

    def forward(self, input_ids, mask):
        return (self.embedding(input_ids) * mask[..., None]).sum(dim=1)


@pytest.fixture
def network(monkeypatch):
    made.clear()
    monkeypatch.setattr(graphs, "RecordedPasses", Replayed)
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", object)
    return Sums()


def batch(rows, length):
    return torch.randint(10, (rows, length)), torch.ones(rows, length, dtype=torch.bool)


def test_a_shape_is_recorded_once_it_has_recurred(network):
    passes = GraphedNetwork(network)
    for _ in range(RECORD_AFTER):
        passes(*batch(2, 3))
        passes(*batch(2, 4))
    assert not made
    for _ in range(3):
        passes(*batch(2, 3))
    passes(*batch(1, 3))
    assert [len(recorded.calls) for recorded, _ in made] == [3]
    passes(*batch(2, 4))
    assert [len(recorded.calls) for recorded, _ in made] == [3, 1]
    assert made[0][1] is made[1][1]  # the same memory


def test_gradients_are_those_of_the_network(network):
    passes, whole = GraphedNetwork(network), []
    batches = [batch(2, 3) for _ in range(RECORD_AFTER + 2)]
    for compute in (network, passes):
        network.zero_grad()
        for each in batches:
            compute(*each).square().sum().backward()
        whole.append(network.embedding.weight.grad.clone())
    assert made[0][0].calls
    torch.testing.assert_close(whole[0], whole[1])
