"""DistilBERT's encoder (Sanh et al. 2019, arXiv:1910.01108), the mean over its tokens, and a perceptron on top."""

from typing import ClassVar

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor, nn
from transformers import DistilBertConfig, DistilBertModel

from models.encoder.attention import lower_once
from models.encoder.classifier import EncoderClassifier
from models.encoder.truncation import Truncation
from models.model import Fraction


class DistilBertMlp(EncoderClassifier):
    """DistilBERT fine-tuned, with the mean over tokens and a two-layer perceptron as its head."""

    name: ClassVar[str] = "distilbert_mlp"

    def __init__(
        self,
        *,
        encoder: str = "minilm",
        max_length: PositiveInt = 256,
        epochs: PositiveInt = 2,
        batch_size: PositiveInt = 16,
        learning_rate: PositiveFloat = 1e-4,
        weight_decay: NonNegativeFloat = 0.01,
        warmup: Fraction = 0.1,
        clip_norm: PositiveFloat = 1.0,
        dropout: Fraction = 0.1,
        attention_dropout: Fraction = 0.0,
        truncation: Truncation = "head",
        head_width: PositiveInt = 256,
        head_dropout: Fraction = 0.2,
        compile: bool = False,
    ) -> None:
        super().__init__(
            encoder=encoder,
            max_length=max_length,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            warmup=warmup,
            clip_norm=clip_norm,
            dropout=dropout,
            attention_dropout=attention_dropout,
            truncation=truncation,
            compile=compile,
        )
        self.head_width, self.head_dropout = head_width, head_dropout

    def _network(self, num_classes: int) -> nn.Module:
        return MeanPooledClassifier(self._config, num_classes, self.head_width, self.head_dropout)


class MeanPooledClassifier(nn.Module):
    """Tokens -> mean over those that are there -> dense -> GELU -> dropout -> logits."""

    def __init__(self, config: DistilBertConfig, num_classes: int, width: int, dropout: float) -> None:
        super().__init__()
        self.encoder = DistilBertModel(config)
        lower_once(self.encoder)
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
