"""Attention that is fast on a CPU, too, and in low precision."""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from models.neural.onednn import takes

NAME = "sdpa_or_products"
"""Name of this attention in a configuration of transformers."""

SCORES_AT_ONCE = 2**21
"""Attention scores computed at a time, about the size of the processors' caches."""

LEAST_CONVERTED = 2**16
"""Attention scores from which on oneDNN's softmax saves more time than the conversion to its tensors takes."""


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
    """Scaled dot-product attention over query (B, H, Q, D), key and value (B, H, T, D) -> (B, Q, H, D).

    Uses PyTorch's fused kernel, except on a CPU: there the kernel's backward pass is slow, as is its forward pass in
    bfloat16, and plain matrix products take half the time. Dropout of attention weights needs the kernel.

    Args:
        module: the attention layer.
        query: (B, H, Q, D).
        key: (B, H, T, D).
        value: (B, H, T, D).
        attention_mask: (B, 1, 1 or Q, T) bool, True where a token may be attended to; the same for each query.
        scaling: factor of the products of queries and keys.
        dropout: dropout probability of the attention weights.
        **kwargs: further arguments of transformers' attention functions.
    """
    if query.device.type == "cpu" and not dropout:
        return products_attention(query, key, value, attention_mask, scaling), None
    output, _ = sdpa_attention_forward(
        module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **kwargs
    )
    return output, None


def products_attention(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, scaling: float) -> Tensor:
    """softmax(scaling Q K' + mask) V as matrix products: (B, H, Q, D), twice (B, H, T, D) -> (B, Q, H, D).

    Computes a few texts at a time, so that their scores stay in the cache until they are used.
    """
    batch, heads, queries_each, _ = query.shape
    texts = max(1, SCORES_AT_ONCE // (heads * queries_each * key.shape[2]))
    if texts >= batch or torch.compiler.is_compiling():  # a compiled loop would hold for one length alone
        return _products(query, key, value, mask, scaling)
    queries, keys, values = (torch.split(x, texts) for x in (query, key, value))
    masks = [None] * len(queries) if mask is None else torch.split(mask, texts)
    parts = zip(queries, keys, values, masks, strict=True)
    return torch.cat([_products(q, k, v, own, scaling) for q, k, v, own in parts])


def _products(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, scaling: float) -> Tensor:
    batch, heads, length, width = key.shape
    queries, keys, values = (x.reshape(batch * heads, -1, width) for x in (query * scaling, key, value))
    if mask is None:
        scores = torch.bmm(queries, keys.transpose(1, 2))
    else:
        lowest = torch.finfo(query.dtype).min
        bias = torch.zeros_like(mask[:, :, :1], dtype=query.dtype).masked_fill(~mask[:, :, :1], lowest)
        bias = bias.expand(batch, heads, 1, length).reshape(batch * heads, 1, length)
        scores = torch.baddbmm(bias, queries, keys.transpose(1, 2))
    return torch.bmm(softmax(scores), values).view(batch, heads, -1, width).transpose(1, 2)


def softmax(scores: Tensor) -> Tensor:
    """Return the softmax over the last dimension; without gradients oneDNN's, which takes two thirds of the time."""
    if not takes(scores, scores.dtype) or scores.numel() < LEAST_CONVERTED:
        return scores.softmax(dim=-1)
    return scores.to_mkldnn().softmax(dim=-1).to_dense()


AttentionInterface.register(NAME, attention)
AttentionMaskInterface.register(NAME, sdpa_mask)
