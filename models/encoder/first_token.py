"""The last layer of an encoder where only the first token's output is read."""

from typing import Any

from torch import Tensor
from transformers.models.distilbert.modeling_distilbert import TransformerBlock

from models.encoder.attention import attention
from models.neural.autocast import lowered


class FirstTokenBlock(TransformerBlock):  # type: ignore[no-untyped-call]
    """DistilBERT's layer, computed for the first token only.

    All tokens yield keys and values; the first token's output depends on no other token's query or perceptron, and
    those are five sixths of a layer's work. The weights have the names of DistilBERT's layer.
    """

    def forward(self, hidden_states: Tensor, attention_mask: Tensor | None = None, **kwargs: Any) -> Tensor:
        """hidden_states (B, T, D), attention_mask (B, 1, 1 or T, T) bool -> the first token's next state (B, 1, D)."""
        first, read, own = hidden_states[:, :1], lowered(hidden_states), self.attention
        if attention_mask is not None:
            attention_mask = attention_mask[:, :, :1]
        projected = (own.q_lin(first), own.k_lin(read), own.v_lin(read))
        # `unflatten` would fix the batch's size in an export.
        query, key, value = (x.view(*x.shape[:-1], own.n_heads, -1).transpose(1, 2) for x in projected)  # (B, H, ., W)
        dropout = own.dropout.p if self.training else 0.0
        found, _ = attention(own, query, key, value, attention_mask, scaling=own.scaling, dropout=dropout)
        attended = self.sa_layer_norm(own.out_lin(found.flatten(-2)) + first)
        state: Tensor = self.output_layer_norm(self.ffn(attended) + attended)
        return state
