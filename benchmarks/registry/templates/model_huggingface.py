"""A pre-trained encoder, fine-tuned with a head of one's own. Describe your model here, and name its publication."""

from typing import ClassVar

from torch import Tensor, nn
from transformers import AutoModel, PretrainedConfig

from models.encoder.auto_classifier import AutoEncoderClassifier
from models.model import Fraction


class MyModel(AutoEncoderClassifier):
    """A pre-trained encoder, the mean over its tokens, and a linear layer."""

    name: ClassVar[str] = "my_model"

    encoder = "minilm"  # or a folder in the Hub's layout, or a name on the Hub such as answerdotai/ModernBERT-base
    learning_rate = 1e-4

    head_dropout: Fraction = 0.1
    """Dropout before the last layer: a parameter is an annotated attribute with a default."""

    def _network(self, num_classes: int) -> nn.Module:
        """Return the network; the weights of its `encoder` are loaded afterwards."""
        return Network(self._config, num_classes, self.head_dropout)


class Network(nn.Module):
    """Encoder -> mean over the tokens that are no padding -> dropout -> logits."""

    def __init__(self, config: PretrainedConfig, num_classes: int, dropout: float) -> None:
        super().__init__()
        self.encoder = AutoModel.from_config(config)  # type: ignore[no-untyped-call]
        if hasattr(self.encoder, "pooler"):
            self.encoder.pooler = None  # not used here, and missing from some checkpoints
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(config.hidden_size, num_classes))
        self.padding = config.pad_token_id or 0

    def forward(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        """input_ids (B, T), mask (B, T) -> logits (B, C)."""
        ids = input_ids.masked_fill(~mask, self.padding)
        states = self.encoder(input_ids=ids, attention_mask=mask.long()).last_hidden_state  # (B, T, D)
        present = mask[..., None].to(states.dtype)
        logits: Tensor = self.head((states * present).sum(dim=1) / present.sum(dim=1))
        return logits
