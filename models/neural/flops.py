"""Floating-point operations of a network's matrix products; a multiplication and an addition are two."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode, register_flop_formula

from models.model import Device, Flops

LENGTHS = (8, 16, 24)
"""Text lengths at which operations are counted: three, since they are a quadratic in the length."""


TRAINING_PASSES = 3
"""Cost of a training step in forward passes: each product of the forward pass gives two of the backward pass, for the
gradients of the weights and of the inputs."""


def _packed_linear(
    values: tuple[int, ...], weight: tuple[int, ...], *rest: object, out_shape: tuple[int, ...], **options: object
) -> int:
    """Count oneDNN's linear layer: values (..., in), weight (out, in)."""
    return 2 * math.prod(values) * weight[0]


if torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
    register_flop_formula(torch.ops.mkldnn._linear_pointwise)(_packed_linear)


def counted_flops(network: nn.Module, device: Device) -> Flops | None:
    """Count the operations of a forward pass with PyTorch's `FlopCounterMode`.

    Counted at three lengths and continued as the quadratic through them, which a transformer's projections (linear in
    the length) and attention (quadratic) follow exactly. None for recurrent networks, whose fused kernels the counter
    does not see into, and where it sees nothing.

    Args:
        network: input_ids (B, T) int64, mask (B, T) bool -> logits (B, C).
        device: the network's device.
    """
    if any(isinstance(module, nn.RNNBase) for module in network.modules()):
        return None
    counts = [count(network, length, device) for length in LENGTHS]
    if not counts[-1]:
        return None
    coefficients = np.polynomial.Polynomial.fit(LENGTHS, counts, deg=2).convert().coef
    text, token, square = (round(float(coefficient)) for coefficient in coefficients)
    return Flops(text, token, square)


def count(network: nn.Module, length: int, device: Device) -> int:
    """Count the operations of the forward pass of one text of `length` tokens."""
    ids = torch.ones(1, length, dtype=torch.int64, device=device)
    network.eval()
    # The counter knows attention as plain products; of the fused kernels it does not know the one for CPUs.
    counter = FlopCounterMode(display=False)
    with _frozen(network), torch.inference_mode(), sdpa_kernel(SDPBackend.MATH), counter:
        network(ids, torch.ones_like(ids, dtype=torch.bool))
    return int(counter.get_total_flops())


@contextmanager
def _frozen(network: nn.Module) -> Iterator[None]:
    """Let no parameter require a gradient; the counter would follow it, and fails outside of a graph."""
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for parameter in trained:
        parameter.requires_grad = False
    try:
        yield
    finally:
        for parameter in trained:
            parameter.requires_grad = True
