"""Mean of word embeddings and a linear layer. Say here what your model is, and where it was published."""

from typing import ClassVar

import torch
from pydantic import NonNegativeInt, PositiveFloat, PositiveInt
from torch import Tensor, nn

from models.lstm import Lstm
from models.model import Fraction


class MyModel(Lstm):
    """Mean of word embeddings and a linear layer; words, batches and training are those of the LSTM."""

    name: ClassVar[str] = "my_model"

    def __init__(
        self,
        *,
        max_length: PositiveInt = 400,
        embedding_width: PositiveInt = 128,
        dropout: Fraction = 0.3,
        epochs: PositiveInt = 5,
        min_steps: NonNegativeInt = 600,
        learning_rate: PositiveFloat = 5e-3,
    ) -> None:
        super().__init__(
            max_length=max_length,
            embedding_width=embedding_width,
            dropout=dropout,
            epochs=epochs,
            min_steps=min_steps,
            learning_rate=learning_rate,
        )

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
