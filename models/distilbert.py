"""DistilBERT as transformers ships it for classification (Sanh et al. 2019, arXiv:1910.01108)."""

from typing import ClassVar

from torch import Tensor, nn
from transformers import DistilBertConfig, DistilBertForSequenceClassification

from models.encoder.distilbert_classifier import DistilBertClassifier
from models.encoder.feed_forward import fuse_gelu
from models.encoder.first_token import FirstTokenBlock
from models.encoder.lowering import lower_states
from models.model import Fraction


class DistilBert(DistilBertClassifier):
    """DistilBERT fine-tuned, with transformers' own head on the first token."""

    name: ClassVar[str] = "distilbert"

    head_dropout: Fraction = 0.2
    """Dropout before the last layer of the head."""

    def _network(self, num_classes: int) -> nn.Module:
        return FirstTokenClassifier(self._config, num_classes, self.head_dropout)


class FirstTokenClassifier(nn.Module):
    """`DistilBertForSequenceClassification`: first token -> dense -> ReLU -> dropout -> logits.

    Its last layer computes the first token alone, and its scores are the same to rounding.
    """

    def __init__(self, config: DistilBertConfig, num_classes: int, head_dropout: float) -> None:
        super().__init__()
        config.num_labels, config.seq_classif_dropout = num_classes, head_dropout
        self.classifier = DistilBertForSequenceClassification(config)
        self.classifier.distilbert.transformer.layer[-1] = FirstTokenBlock(config)
        lower_states(self.classifier.distilbert)
        fuse_gelu(self.classifier.distilbert)

    @property
    def encoder(self) -> nn.Module:
        """The part that is pre-trained."""
        encoder: nn.Module = self.classifier.distilbert
        return encoder

    def forward(self, input_ids: Tensor, mask: Tensor) -> Tensor:
        """input_ids (B, T), mask (B, T) -> logits (B, C)."""
        logits: Tensor = self.classifier(input_ids=input_ids, attention_mask=mask).logits
        return logits
