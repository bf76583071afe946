"""An LSTM layer of networks that score in bfloat16 on a CPU: weights packed once."""

import torch
from torch import Tensor, nn

from models.neural.autocast import lowered
from models.neural.packing import Packing

LSTM_MODE = 2
"""Number of the LSTM among the recurrent layers of oneDNN in PyTorch."""


class PackedLstm(Packing, nn.LSTM):
    """An LSTM of one layer and one direction (Hochreiter & Schmidhuber 1997), from states of zero.

    States are those of PyTorch's own layer.
    """

    def __init__(self, input_width: int, hidden_width: int) -> None:
        super().__init__(input_width, hidden_width, batch_first=True)

    def forward(self, values: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:  # type: ignore[override]
        """Values (B, T, E) -> states (B, T, H), and the last hidden and cell states, each (1, B, H)."""
        packed = self.packed_for(values)
        if packed is None:
            own: tuple[Tensor, tuple[Tensor, Tensor]] = super().forward(values)
            return own
        by_time = lowered(values).transpose(0, 1).contiguous()  # oneDNN reads no strides
        start = by_time.new_zeros(by_time.shape[1], self.hidden_size)
        states, hidden, cell, _ = torch.ops.aten.mkldnn_rnn_layer(
            by_time,
            *packed,
            start,
            start,
            reverse=False,
            batch_sizes=[],
            mode=LSTM_MODE,
            hidden_size=self.hidden_size,
            num_layers=1,
            has_biases=True,
            bidirectional=False,
            batch_first=False,
            train=False,
        )
        return states.transpose(0, 1), (hidden[None], cell[None])

    def _own(self) -> tuple[Tensor | None, ...]:
        return tuple(self.all_weights[0])  # of the input and of the state, then their biases

    def _pack(self) -> tuple[Tensor | None, ...]:
        own = [lowered(parameter) for parameter in self.all_weights[0]]
        weights = torch.ops.mkldnn._reorder_mkldnn_rnn_layer_weight(
            *own[:2], self.hidden_size, reverse=False, has_biases=True, batch_first=False
        )
        return *weights, *own[2:]
