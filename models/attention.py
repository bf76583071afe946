"""Attention that is fast to train on a CPU, too."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "sdpa_or_products"
"""What a transformers configuration calls it."""


def attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float,
    dropout: float = 0.0,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Scaled dot-product attention over query, key and value (B, H, T, D) -> (B, T, H, D).

    PyTorch's fused kernel, but for training on a CPU: its backward pass is slow there, and three plain matrix
    products take half the time, forward and backward together. Dropout of attention weights needs the kernel.

    Args:
        module: the layer, as transformers hands it over.
        query, key, value: (B, H, T, D).
        attention_mask: (B, 1, 1 or T, T) bool, True where a token may be looked at; the same for each query.
        scaling: of the products of queries and keys.
        dropout: of the attention weights.
        kwargs: whatever else transformers hands over.
    """
    if query.device.type == "cpu" and query.requires_grad and not dropout:
        return products_attention(query, key, value, attention_mask, scaling), None
    output, _ = sdpa_attention_forward(
        module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **kwargs
    )
    return output, None


def products_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, scaling: float) -> Tensor:
    """softmax(scaling Q K' + mask) V as matrix products: (B, H, T, D) -> (B, T, H, D)."""
    batch, heads, length, width = query.shape
    queries, keys, values = (x.reshape(batch * heads, length, width) for x in (query * scaling, key, value))
    if mask is None:
        scores = torch.bmm(queries, keys.transpose(1, 2))
    else:
        lowest = torch.finfo(query.dtype).min
        bias = torch.zeros_like(mask[:, :, :1], dtype=query.dtype).masked_fill(~mask[:, :, :1], lowest)
        bias = bias.expand(batch, heads, 1, length).reshape(batch * heads, 1, length)
        scores = torch.baddbmm(bias, queries, keys.transpose(1, 2))
    weights = scores.softmax(dim=-1)
    return torch.bmm(weights, values).view(batch, heads, length, width).transpose(1, 2)


AttentionInterface.register(NAME, attention)
AttentionMaskInterface.register(NAME, sdpa_mask)
