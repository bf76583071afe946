"""Mean of word embeddings and a linear layer. Describe your model here, and name its publication."""

from typing import ClassVar

import torch
from pydantic import PositiveInt
from torch import Tensor, nn

from models.model import Fraction
from models.word_classifier import WordClassifier


class MyModel(WordClassifier):
    """Mean of word embeddings and a linear layer, trained from scratch."""

    name: ClassVar[str] = "my_model"

    embedding_width: PositiveInt = 128
    """Numbers per word: a parameter is an annotated attribute with a default."""

    dropout: Fraction = 0.3
    """Dropout of the pooled text."""

    epochs = 5  # another default of a parameter of the base class
    learning_rate = 5e-3

    def build(self, words: int, classes: int) -> nn.Module:
        """Return the untrained network."""
        return Network(words, self.embedding_width, self.dropout, classes)


class Network(nn.Module):
    """Embeddings -> mean over the words that are there -> dropout -> logits."""

    def __init__(self, words: int, width: int, dropout: float, num_classes: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(width, num_classes))

    def forward(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        """input_ids (B, T), mask (B, T) -> logits (B, C); a text may have no word at all."""
        present = mask[..., None]
        embedded = torch.where(present, self.embedding(input_ids), 0.0)  # (B, T, E)
        logits: Tensor = self.head(embedded.sum(dim=1) / present.sum(dim=1).clamp(min=1))
        return logits
