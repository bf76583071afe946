"""A pre-trained encoder with a classification head: the base of `distilbert` and `distilbert_mlp`."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from tokenizers import Tokenizer
from torch import nn
from transformers import DistilBertConfig, DistilBertModel

from data.dataset import IntArray, Split
from models.encoder import attention
from models.encoder.truncation import Truncation, truncate
from models.encoder.weights import check_encoder, encoder_files, load_encoder, read_config, read_tokenizer
from models.model import Device, Fraction
from models.neural.batching import TokenIds
from models.neural.torch_classifier import TorchClassifier

ENCODER_FILE, TOKENIZER_FILE = "encoder.json", "tokenizer.json"


class EncoderClassifier(TorchClassifier):
    """A text classifier over word pieces whose encoder is pre-trained.

    A subclass's network has the encoder as its attribute `encoder`.
    """

    graphed: ClassVar[bool] = True

    token_budget: ClassVar[dict[Device, int]] = TorchClassifier.token_budget | {"cpu": 4_096}

    encoder: str = "minilm"
    """A name or a folder, see `models.encoder.weights`."""

    epochs = 2
    batch_size = 16
    learning_rate = 1e-4

    dropout: Fraction = 0.1
    """Dropout within the encoder."""

    attention_dropout: Fraction = 0.0
    """Dropout of attention weights; anything but 0 keeps PyTorch's fused attention from being used on a CPU, and halves
    the speed of training there."""

    truncation: Truncation = "head"
    """Part of a text longer than `max_length` word pieces that the model reads, [CLS] and [SEP] counted; see
    `models.encoder.truncation`."""

    def check_ready(self) -> None:
        """Make sure that the encoder is at hand.

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

    def count_tokens(self, texts: Sequence[str]) -> IntArray:
        """Return (N,) word pieces, [CLS] and [SEP] counted."""
        pieces = load_encoder(self.encoder).tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return np.fromiter((len(text) + 2 for text in pieces), dtype=np.int64, count=len(pieces))

    def _prepare(self, train: Split) -> None:
        pretrained = load_encoder(self.encoder)
        self._adopt(pretrained.config, pretrained.tokenizer)
        self._pretrained = pretrained.weights

    def _adopt(self, config: DistilBertConfig, tokenizer: Tokenizer) -> None:
        """Take an encoder's shape and tokenizer as this model's.

        Raises:
            ValueError: it cannot read `max_length` word pieces.
        """
        longest = config.max_position_embeddings
        if not 3 <= self.max_length <= longest:
            raise ValueError(
                f"max_length={self.max_length} is not what encoder {self.encoder!r} reads (3 to {longest})"
            )
        config.dropout = self.dropout
        config.attention_dropout = self.attention_dropout
        config._attn_implementation = attention.NAME
        self._config, self._tokenizer = config, tokenizer
        self._first, self._last = (tokenizer.token_to_id(mark) for mark in ("[CLS]", "[SEP]"))
        if self._first is None or self._last is None:
            raise ValueError(f"{TOKENIZER_FILE} lacks the marks [CLS] and [SEP]")
        if max(tokenizer.get_vocab().values()) >= config.vocab_size:
            raise ValueError(f"{TOKENIZER_FILE} numbers word pieces beyond the encoder's {config.vocab_size}")

    def _token_ids(self, texts: Sequence[str]) -> tuple[list[TokenIds], IntArray]:
        """[CLS], the word pieces of the text that `truncation` keeps, [SEP]."""
        pieces = [e.ids for e in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]
        kept = [truncate(text, self.max_length - 2, self.truncation) for text in pieces]
        ids = [np.array([self._first, *text, self._last], dtype=np.int32) for text in kept]
        return ids, np.fromiter((len(text) + 2 for text in pieces), dtype=np.int64, count=len(pieces))

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer of the fitted model's encoder."""
        return self._tokenizer

    def token_texts(self, text: str) -> list[str]:
        """Return the word pieces that the model reads, [CLS] and [SEP] included."""
        return [str(self._tokenizer.id_to_token(int(number))) for number in self._token_ids([text])[0][0]]

    def _initialise(self, network: nn.Module) -> None:
        encoder = network.encoder
        assert isinstance(encoder, DistilBertModel)
        encoder.load_state_dict(self._pretrained)
        del self._pretrained

    def _save_vocabulary(self, folder: Path) -> None:
        (folder / ENCODER_FILE).write_text(self._config.to_json_string(use_diff=False), encoding="utf-8")
        (folder / TOKENIZER_FILE).write_text(self._tokenizer.to_str(), encoding="utf-8")

    def _load_vocabulary(self, folder: Path) -> None:
        config = read_config((folder / ENCODER_FILE).read_bytes())
        self._adopt(config, read_tokenizer(folder / TOKENIZER_FILE))
