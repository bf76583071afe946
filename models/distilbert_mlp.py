"""DistilBERT's encoder (Sanh et al. 2019, arXiv:1910.01108), the mean over its tokens, and a perceptron on top."""

from typing import ClassVar

from pydantic import PositiveInt
from torch import Tensor, nn
from transformers import DistilBertConfig, DistilBertModel

from models.encoder.distilbert_classifier import DistilBertClassifier
from models.encoder.feed_forward import fuse_gelu
from models.encoder.lowering import lower_states
from models.model import Fraction


class DistilBertMlp(DistilBertClassifier):
    """DistilBERT fine-tuned, with the mean over tokens and a two-layer perceptron as its head."""

    name: ClassVar[str] = "distilbert_mlp"

    head_width: PositiveInt = 256
    """Width of the perceptron's hidden layer."""

    head_dropout: Fraction = 0.2
    """Dropout before the last layer of the head."""

    def _network(self, num_classes: int) -> nn.Module:
        return MeanPooledClassifier(self._config, num_classes, self.head_width, self.head_dropout)


class MeanPooledClassifier(nn.Module):
    """Token states -> mean over tokens that are not padding -> dense -> GELU -> dropout -> logits."""

    def __init__(self, config: DistilBertConfig, num_classes: int, width: int, dropout: float) -> None:
        super().__init__()
        self.encoder = DistilBertModel(config)
        lower_states(self.encoder)
        fuse_gelu(self.encoder)
        self.head = nn.Sequential(
            nn.Linear(config.dim, width), nn.GELU(), nn.Dropout(dropout), nn.Linear(width, num_classes)
        )

    def forward(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        """input_ids (B, T), mask (B, T) -> logits (B, C)."""
        states = self.encoder(input_ids=input_ids, attention_mask=mask).last_hidden_state  # (B, T, dim)
        present = mask[..., None].to(states.dtype)
        mean = (states * present).sum(dim=1) / present.sum(dim=1)  # (B, dim)
        logits: Tensor = self.head(mean)
        return logits
