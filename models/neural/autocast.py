"""What autocast lowers, lowered once where several products read it: autocast itself does so for each of them."""

import torch
from torch import Tensor


def lowered(values: Tensor) -> Tensor:
    """The values as autocast, where it is on, has them for a matrix product."""
    device = values.device.type
    return values.to(torch.get_autocast_dtype(device)) if torch.is_autocast_enabled(device) else values
