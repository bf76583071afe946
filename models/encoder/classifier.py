"""A pre-trained encoder with a classification head: the base of models that read an encoder's own tokens."""

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import PretrainedConfig

from data.dataset import IntArray, Split
from models.encoder.tokens import EncoderTokens
from models.encoder.truncation import Truncation
from models.model import Device
from models.neural.batching import TokenIds
from models.neural.torch_classifier import TorchClassifier
from models.search_space import Interval, OneOf, SearchSpace

ENCODER_FILE, TOKENIZER_FILE = "encoder.json", "tokenizer.json"


class EncoderClassifier(TorchClassifier):
    """A text classifier over the tokens of a pre-trained encoder.

    A subclass's network has the encoder as its attribute `encoder`.
    """

    token_budget: ClassVar[dict[Device, int]] = TorchClassifier.token_budget | {"cpu": 4_096}
    search_space: ClassVar[SearchSpace] = {
        "learning_rate": Interval(1e-5, 3e-4, log=True),
        "epochs": Interval(1, 4),
        "batch_size": OneOf((8, 16, 32)),
        "warmup": Interval(0.0, 0.2),
    }

    encoder: str = "minilm"
    """A name or a folder, see `models.encoder.weights`."""

    epochs = 2
    batch_size = 16
    learning_rate = 1e-4

    truncation: Truncation = "head"
    """Part of a text longer than `max_length` tokens that the model reads, special tokens counted; see
    `models.encoder.truncation`."""

    @abstractmethod
    def _load_encoder(self) -> tuple[PretrainedConfig, dict[str, Tensor], EncoderTokens]:
        """Load the encoder's shape, weights and tokenizer.

        Raises:
            ValueError: they cannot be found or read.
        """

    @abstractmethod
    def _read_encoder(self, config: bytes, tokenizer: Path) -> tuple[PretrainedConfig, EncoderTokens]:
        """Read the shape and the tokenizer of a saved model.

        Raises:
            ValueError: the files hold none.
        """

    @abstractmethod
    def _longest(self, config: PretrainedConfig) -> int:
        """Return the tokens that an encoder can read."""

    def count_tokens(self, texts: Sequence[str]) -> IntArray:
        """Return (N,) tokens, special tokens counted."""
        return self._load_encoder()[2].counts(texts)

    def _prepare(self, train: Split) -> None:
        config, self._pretrained, tokens = self._load_encoder()
        self._adopt(config, tokens)

    def _adopt(self, config: PretrainedConfig, tokens: EncoderTokens) -> None:
        """Take an encoder's shape and tokenizer as this model's.

        Raises:
            ValueError: it cannot read `max_length` tokens, or the tokenizer is another encoder's.
        """
        least, longest = tokens.special + 1, self._longest(config)
        if not least <= self.max_length <= longest:
            raise ValueError(
                f"max_length={self.max_length} is not what encoder {self.encoder!r} reads ({least} to {longest})"
            )
        if max(tokens.tokenizer.get_vocab().values()) >= config.vocab_size:
            raise ValueError(f"{TOKENIZER_FILE} numbers tokens beyond the encoder's {config.vocab_size}")
        self._config, self._tokens = config, tokens

    def _token_ids(self, texts: Sequence[str]) -> tuple[list[TokenIds], IntArray]:
        """Special tokens around the part of the text that `truncation` keeps."""
        return self._tokens.ids(texts, self.max_length, self.truncation)

    def _known_counts(self, tokens: Sequence[TokenIds]) -> IntArray | None:
        return self._tokens.known_counts(tokens)

    @property
    def padding_id(self) -> int:
        """The id of the encoder's padding token."""
        return int(self._config.pad_token_id or 0)

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer of the fitted model's encoder."""
        return self._tokens.tokenizer

    def token_texts(self, text: str) -> list[str]:
        """Return the tokens that the model reads, special tokens included."""
        return self._tokens.readable(self._token_ids([text])[0][0].tolist())

    def _initialise(self, network: nn.Module) -> None:
        encoder = network.encoder
        assert isinstance(encoder, nn.Module)
        encoder.load_state_dict(self._pretrained)
        del self._pretrained

    def _save_vocabulary(self, folder: Path) -> None:
        (folder / ENCODER_FILE).write_text(self._config.to_json_string(use_diff=False), encoding="utf-8")
        (folder / TOKENIZER_FILE).write_text(self.tokenizer.to_str(), encoding="utf-8")

    def _load_vocabulary(self, folder: Path) -> None:
        self._adopt(*self._read_encoder((folder / ENCODER_FILE).read_bytes(), folder / TOKENIZER_FILE))
