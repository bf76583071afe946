"""TextCNN (Kim 2014, arXiv:1408.5882): filters over runs of words, the maximum of each over the text."""

from typing import ClassVar

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor, nn

from models.lstm import Lstm
from models.model import Fraction

WIDTHS = (3, 4, 5)
"""Words that a filter sees."""


class TextCnn(Lstm):
    """Convolutions over runs of words, maximum over the text; words and training are those of the LSTM."""

    name: ClassVar[str] = "textcnn"

    def __init__(
        self, *, filters: PositiveInt = 100, dropout: Fraction = 0.5, learning_rate: PositiveFloat = 2e-3
    ) -> None:
        super().__init__(dropout=dropout, learning_rate=learning_rate)
        self.filters = filters

    def _network(self, num_classes: int) -> nn.Module:
        return Network(len(self._vocabulary), self.embedding_width, self.filters, self.dropout, num_classes)


class Network(nn.Module):
    """Embeddings -> convolutions -> ReLU -> maximum -> dropout -> logits."""

    def __init__(self, words: int, width: int, filters: int, dropout: float, num_classes: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        self.convolutions = nn.ModuleList(nn.Conv1d(width, filters, n, padding=n - 1) for n in WIDTHS)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(len(WIDTHS) * filters, num_classes)

    def forward(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        """input_ids (B, T), mask (B, T) -> logits (B, C); whatever texts share the batch."""
        embedded = torch.where(mask[..., None], self.embedding(input_ids), 0.0).transpose(1, 2)  # (B, E, T)
        counts = mask.sum(dim=1, keepdim=True)
        highest = []
        for width, convolution in zip(WIDTHS, self.convolutions, strict=True):
            states = convolution(embedded).relu()  # (B, F, T + width - 1): runs that begin or end beyond the text too
            places = torch.arange(states.shape[2], device=mask.device)
            beyond = places >= counts + width - 1  # (B, T + width - 1): padding alone
            highest.append(states.masked_fill(beyond[:, None], 0.0).amax(dim=2))
        logits: Tensor = self.head(self.dropout(torch.cat(highest, dim=1)))
        return logits
