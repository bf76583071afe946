"""A bidirectional LSTM over words, trained from scratch.

Hochreiter & Schmidhuber (1997), Long Short-Term Memory; pooling as in Howard & Ruder (2018), arXiv:1801.06146.
"""

from typing import ClassVar

import torch
from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn.functional import embedding

from models.model import Device, Flops, Fraction
from models.neural.autocast import lowered
from models.neural.batching import PAD_ID
from models.neural.packed_lstm import PackedLstm
from models.search_space import Interval, OneOf, SearchSpace
from models.word_classifier import UNKNOWN_ID, WordClassifier

EMBEDDING_STD = 0.1
"""Standard deviation of a new embedding; at PyTorch's 1, rare words would remain strong noise."""


class Lstm(WordClassifier):
    """Bidirectional LSTM over words, trained from scratch, pooled by mean and maximum.

    Reads the last words of a long review, where the verdict is. Overfits after few passes, so validation ends the
    training.
    """

    name: ClassVar[str] = "lstm"
    graphed: ClassVar[bool] = True
    token_budget: ClassVar[dict[Device, int]] = WordClassifier.token_budget | {"cpu": 16_384}
    search_space: ClassVar[SearchSpace] = {
        "learning_rate": Interval(5e-4, 1e-2, log=True),
        "dropout": Interval(0.2, 0.7),
        "word_dropout": Interval(0.0, 0.3),
        "weight_decay": Interval(0.01, 1.0, log=True),
        "batch_size": OneOf((16, 32, 64)),
    }

    max_length = 400  # the last words
    embedding_width: PositiveInt = 128
    """Numbers per word."""

    hidden_width: PositiveInt = 128
    """Numbers per word and direction in the LSTM's output."""

    dropout: Fraction = 0.6
    """Dropout of embeddings and of the pooled text."""

    word_dropout: Fraction = 0.1
    """Share of the words replaced by the unknown word in training, drawn again each time a text is read."""

    min_steps = 600
    learning_rate = 2e-3
    weight_decay = 0.3
    patience = 2

    def build(self, words: int, classes: int) -> nn.Module:
        """Return the untrained network."""
        return LstmNetwork(
            words=words,
            embedding_width=self.embedding_width,
            hidden_width=self.hidden_width,
            dropout=self.dropout,
            word_dropout=self.word_dropout,
            num_classes=classes,
        )

    def forward_flops(self) -> Flops:
        """Return the operations by formula: no counter sees into the fused kernels of an LSTM."""
        return lstm_flops(self.embedding_width, self.hidden_width, len(self._class_names))


class LstmNetwork(nn.Module):
    """Two LSTMs, one for each direction, over padded texts.

    The backward LSTM reads each text reversed within its own length, so neither reads padding before a word. The output
    equals that of packed sequences, without their cost, and does not depend on the batch.
    """

    def __init__(
        self,
        *,
        words: int,
        embedding_width: int,
        hidden_width: int,
        dropout: float,
        num_classes: int,
        word_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.word_dropout = word_dropout
        self.embedding = nn.Embedding(words, embedding_width, padding_idx=PAD_ID)
        nn.init.normal_(self.embedding.weight, std=EMBEDDING_STD)
        self.forward_lstm = PackedLstm(embedding_width, hidden_width)
        self.backward_lstm = PackedLstm(embedding_width, hidden_width)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(4 * hidden_width, num_classes)

    def forward(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        """input_ids (B, T), mask (B, T) -> logits (B, C)."""
        if self.training:
            dropped = torch.rand(input_ids.shape, device=input_ids.device) < self.word_dropout
            input_ids = input_ids.masked_fill(dropped, UNKNOWN_ID)  # padding too, which the mask leaves out
        embedded = lowered(self.dropout(self.embedding(input_ids)))  # (B, T, E)
        means, maxima = zip(*(pool(states, mask) for states in self.states(embedded, mask)), strict=True)
        logits: Tensor = self.head(self.dropout(torch.cat([*means, *maxima], dim=1)))
        return logits

    def states(self, embedded: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Embedded (B, T, E), mask (B, T) -> states (B, T, H) of each direction; states at padding are undefined.

        In reading order: pooling does not depend on it.
        """
        forward, _ = self.forward_lstm(embedded)
        backward, _ = self.backward_lstm(reordered(embedded, reversal(mask)))
        return forward, backward


def lstm_flops(embedding_width: int, hidden_width: int, num_classes: int) -> Flops:
    """Return the operations of `LstmNetwork`: 2 directions, 4 gates of 2 H (E + H) a token; 2 * 4 H * C a text."""
    gates = 2 * 4 * 2 * hidden_width * (embedding_width + hidden_width)
    return Flops(text=2 * 4 * hidden_width * num_classes, token=gates, square=0)


def reversal(mask: Tensor) -> Tensor:
    """Return positions (B, T) that reverse each text of `mask` (B, T) within its length; padding stays in place."""
    places = torch.arange(mask.shape[1], device=mask.device)
    return torch.where(mask, mask.sum(dim=1, keepdim=True) - 1 - places, places)


def reordered(rows: Tensor, places: Tensor) -> Tensor:
    """Reorder the rows of each text: (B, T, E), places (B, T) -> (B, T, E).

    Uses an embedding lookup: on a CPU, `gather` and its backward pass take several times as long.
    """
    batch, length, width = rows.shape
    starts = torch.arange(batch, device=places.device)[:, None] * length
    return embedding(places + starts, rows.reshape(batch * length, width))


def pool(states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and maximum over each text's words: (B, T, H), (B, T) -> twice (B, H); zeros without words."""
    present = mask[..., None]
    mean = (states * present).sum(dim=1) / present.sum(dim=1).clamp(min=1)
    states = states.masked_fill(~present, float("-inf"))
    # amax takes half the time, but shares the gradient among equal maxima
    highest = states.max(dim=1).values if torch.is_grad_enabled() else states.amax(dim=1)
    return mean, highest.where(present.any(dim=1), 0.0)
