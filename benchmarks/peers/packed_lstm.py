"""The same LSTM trained as tutorials do that let it read no padding: texts padded to 512 words, and packed.

It computes what ours does: the backward direction begins at a text's last word, pooling leaves padding out.
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
    """Ours, and a plain loop; both for one epoch, of the same widths."""
    return sides_with(PackedLstm, ours, data, runtime)
