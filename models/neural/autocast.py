"""Cast values once that several products read; autocast would cast them for each product."""

import torch
from torch import Tensor


def lowered(values: Tensor) -> Tensor:
    """Return the values in the precision that autocast, where it is on, uses for a matrix product."""
    device = values.device.type
    return values.to(torch.get_autocast_dtype(device)) if torch.is_autocast_enabled(device) else values
