import torch

from models.neural.autocast import lowered


def test_values_are_lowered_under_autocast_alone():
    assert lowered(torch.ones(2)).dtype == torch.float32
    with torch.autocast("cpu", torch.bfloat16):
        assert lowered(torch.ones(2)).dtype == torch.bfloat16
