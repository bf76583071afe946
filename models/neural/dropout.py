"""Dropout that is fast on a CPU."""

import torch
from torch import Tensor, nn

LEVELS = 1 << 16
"""Levels of a random number: 16 bits decide about each value."""


class Dropout(nn.Dropout):
    """PyTorch's dropout (Srivastava et al. 2014), whose mask is drawn faster on a CPU: four values to a random number.

    There, `p` is what it is to the nearest 65,536th, and values that are kept are scaled by exactly what that takes.
    """

    def forward(self, values: Tensor) -> Tensor:
        """Drop entries of `values` (any shape); the shape stays."""
        dropped = round(self.p * LEVELS)
        if not self.training or values.device.type != "cpu" or dropped in (0, LEVELS):
            return super().forward(values)
        numbers = torch.empty(-(-values.numel() // 4), dtype=torch.int64).random_(-(1 << 63), None)
        levels = numbers.view(torch.int16)[: values.numel()].view(values.shape)
        kept = (levels >= dropped - LEVELS // 2).to(values.dtype)
        return values * kept.mul_(LEVELS / (LEVELS - dropped))


def with_fast_dropout(network: nn.Module) -> nn.Module:
    """Replace each `nn.Dropout` of a network."""
    for module in list(network.modules()):
        for name, part in module.named_children():
            if type(part) is nn.Dropout:
                setattr(module, name, Dropout(part.p))
    return network
