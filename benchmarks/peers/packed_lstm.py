"""The same LSTM as tutorials with packed sequences train it: texts padded to 512 words, in random batches, then packed.

It computes the same as ours: the backward direction begins at a text's last word, and pooling leaves padding out.
"""

import torch
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from benchmarks.peers.contest import Side
from benchmarks.peers.padded_lstm import MAX_LENGTH, OURS, SIZES, WORK, PaddedLstm, sides_with
from data.dataset import Dataset
from models.lstm import pool
from models.model import Runtime
from models.neural.batching import PAD_ID

__all__ = ["OURS", "SIZES", "WORK", "sides"]


class PackedLstm(PaddedLstm):
    """Embedding, bidirectional LSTM over packed sequences, mean and maximum over the words, linear."""

    def forward(self, input_ids: Tensor) -> Tensor:
        """input_ids (B, T) -> logits (B, C)."""
        lengths = (input_ids != PAD_ID).sum(dim=1).clamp(min=1)
        packed = pack_padded_sequence(self.embedding(input_ids), lengths.cpu(), batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=MAX_LENGTH)
        mask = torch.arange(MAX_LENGTH, device=lengths.device) < lengths[:, None]
        logits: Tensor = self.head(torch.cat(pool(states, mask), dim=1))
        return logits


def sides(ours: str, data: Dataset, runtime: Runtime) -> tuple[Side, Side]:
    """Prepare our model and a plain loop over the same widths."""
    return sides_with(PackedLstm, ours, data, runtime)
