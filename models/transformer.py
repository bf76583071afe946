"""Any encoder that transformers loads for classification, fine-tuned (Devlin et al. 2019, arXiv:1810.04805)."""

from typing import ClassVar

from torch import Tensor, nn
from transformers import AutoModelForSequenceClassification, PretrainedConfig

from models.encoder.auto import GRAPHABLE
from models.encoder.auto_classifier import AutoEncoderClassifier
from models.encoder.tokens import EncoderTokens
from models.model import Fraction, Runtime

DROPOUTS = ("dropout", "embedding_dropout", "hidden_dropout_prob", "mlp_dropout")
ATTENTION_DROPOUTS = ("attention_dropout", "attention_probs_dropout_prob")
"""Names that architectures have for dropout within the encoder, and of attention weights."""


class Transformer(AutoEncoderClassifier):
    """Any pre-trained encoder fine-tuned, with transformers' own head for its architecture.

    BERT, RoBERTa, XLM-RoBERTa, CamemBERT, DeBERTa, DeBERTa-v2 and -v3, ELECTRA, ALBERT, MPNet, ERNIE, ModernBERT and
    DistilBERT. The head is always a new one.
    """

    name: ClassVar[str] = "transformer"
    graphed: ClassVar[bool] = True  # for architectures in `GRAPHABLE`

    learning_rate = 5e-5

    dropout: Fraction | None = None
    """Dropout within the encoder; None keeps the encoder's own."""

    attention_dropout: Fraction | None = 0.0
    """Dropout of attention weights; None keeps the encoder's own. Anything but 0 slows training on a CPU."""

    def _adopt(self, config: PretrainedConfig, tokens: EncoderTokens) -> None:
        _set(config, DROPOUTS, self.dropout)
        _set(config, ATTENTION_DROPOUTS, self.attention_dropout)
        super()._adopt(config, tokens)

    def _network(self, num_classes: int) -> nn.Module:
        return SequenceClassifier(self._config, num_classes)

    def _records_graphs(self, runtime: Runtime) -> bool:
        return self._config.model_type in GRAPHABLE and super()._records_graphs(runtime)


class SequenceClassifier(nn.Module):
    """transformers' network for classification, with any padding token."""

    def __init__(self, config: PretrainedConfig, num_classes: int) -> None:
        super().__init__()
        config.num_labels = num_classes
        self.classifier = AutoModelForSequenceClassification.from_config(config)  # type: ignore[no-untyped-call]
        self.padding = config.pad_token_id or 0

    @property
    def encoder(self) -> nn.Module:
        """The part that is pre-trained."""
        encoder: nn.Module = self.classifier.base_model
        return encoder

    def forward(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        """input_ids (B, T), mask (B, T) -> logits (B, C)."""
        # Some architectures number positions by the tokens that are no padding.
        input_ids = input_ids.masked_fill(~mask, self.padding)
        logits: Tensor = self.classifier(input_ids=input_ids, attention_mask=mask.long()).logits
        return logits


def _set(config: PretrainedConfig, names: tuple[str, ...], value: float | None) -> None:
    """Set the configuration's attributes of these names to `value`, unless it is None."""
    for name in names:
        if value is not None and hasattr(config, name):
            setattr(config, name, value)
