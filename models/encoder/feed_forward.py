"""The feed-forward part of DistilBERT's layers, with its GELU in the first of its linear layers."""

from torch import nn
from transformers import DistilBertModel
from transformers.models.distilbert.modeling_distilbert import FFN

from models.neural.packed_linear import PackedLinear


def fuse_gelu(encoder: DistilBertModel) -> None:
    """Let the first linear layer of each feed-forward part compute the GELU that follows; other activations stay."""
    if encoder.config.activation != "gelu":
        return
    for module in encoder.modules():
        if isinstance(module, FFN):
            module.lin1, module.activation = PackedLinear(module.lin1, with_gelu=True), nn.Identity()
