"""A pre-trained encoder in DistilBERT's architecture with a head: the base of `distilbert` and `distilbert_mlp`."""

from pathlib import Path
from typing import ClassVar

from tokenizers import Tokenizer
from torch import Tensor
from transformers import DistilBertConfig, PretrainedConfig

from models.encoder import attention
from models.encoder.classifier import TOKENIZER_FILE, EncoderClassifier
from models.encoder.tokens import EncoderTokens
from models.encoder.weights import check_encoder, encoder_files, load_encoder, read_config, read_tokenizer
from models.model import Fraction


class DistilBertClassifier(EncoderClassifier):
    """A text classifier whose encoder is a DistilBERT, or a BERT that is converted into one."""

    graphed: ClassVar[bool] = True
    _config: DistilBertConfig

    dropout: Fraction = 0.1
    """Dropout within the encoder."""

    attention_dropout: Fraction = 0.0
    """Dropout of attention weights; anything but 0 rules out the attention by plain matrix products, see
    `models.encoder.attention`, and halves the speed of training on a CPU."""

    def check_ready(self) -> None:
        """Make sure that the encoder is available.

        Raises:
            ValueError: it is not.
        """
        check_encoder(self.encoder)

    def external_files(self) -> dict[str, tuple[Path, ...]]:
        """Return the encoder's files.

        Raises:
            ValueError: there is no such encoder.
        """
        files = encoder_files(self.encoder)
        return {"encoder": files} if files else {}

    def _load_encoder(self) -> tuple[PretrainedConfig, dict[str, Tensor], EncoderTokens]:
        found = load_encoder(self.encoder)
        return found.config, found.weights, bert_tokens(found.tokenizer)

    def _read_encoder(self, config: bytes, tokenizer: Path) -> tuple[PretrainedConfig, EncoderTokens]:
        return read_config(config), bert_tokens(read_tokenizer(tokenizer))

    def _longest(self, config: PretrainedConfig) -> int:
        return int(config.max_position_embeddings)

    def _adopt(self, config: PretrainedConfig, tokens: EncoderTokens) -> None:
        assert isinstance(config, DistilBertConfig)
        config.dropout = self.dropout
        config.attention_dropout = self.attention_dropout
        config._attn_implementation = attention.NAME
        super()._adopt(config, tokens)


def bert_tokens(tokenizer: Tokenizer) -> EncoderTokens:
    """Return a tokenizer with BERT's special tokens, which its file need not declare.

    Raises:
        ValueError: its vocabulary lacks them.
    """
    first, last = (tokenizer.token_to_id(mark) for mark in ("[CLS]", "[SEP]"))
    if first is None or last is None:
        raise ValueError(f"{TOKENIZER_FILE} lacks the marks [CLS] and [SEP]")
    return EncoderTokens(tokenizer, (first,), (last,))
