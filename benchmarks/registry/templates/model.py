"""Mean of word embeddings and a linear layer. Describe your model here, and name its publication."""

from typing import ClassVar

import torch
from pydantic import PositiveInt
from torch import Tensor, nn

from models.lstm import Lstm


class MyModel(Lstm):
    """Mean of word embeddings and a linear layer; words, batches and training are those of the LSTM."""

    name: ClassVar[str] = "my_model"

    embedding_width: PositiveInt = 128
    """Numbers per word: a parameter is an annotated attribute with a default."""

    dropout = 0.3  # another default of a parameter that the LSTM has
    epochs = 5
    learning_rate = 5e-3

    def _network(self, num_classes: int) -> nn.Module:
        return Network(len(self._vocabulary), self.embedding_width, self.dropout, num_classes)


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
