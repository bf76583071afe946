"""A pre-trained encoder of any architecture with a head: the base of `transformer` and `frozen_encoder`."""

from pathlib import Path

from torch import Tensor, nn
from transformers import PretrainedConfig

from models.encoder.auto import (
    auto_files,
    check_auto,
    load_auto,
    longest_text,
    read_auto_config,
    read_tokenizer_file,
)
from models.encoder.classifier import EncoderClassifier
from models.encoder.tokens import EncoderTokens


class AutoEncoderClassifier(EncoderClassifier):
    """A text classifier whose encoder is of any architecture in `models.encoder.auto`."""

    encoder: str = "minilm"
    """A folder in the Hub's layout, a name on the Hub such as answerdotai/ModernBERT-base, or minilm."""

    def check_ready(self) -> None:
        """Make sure that the encoder is on this machine; download it if it is not.

        Raises:
            ValueError: it is not available.
        """
        check_auto(self.encoder)

    def external_files(self) -> dict[str, tuple[Path, ...]]:
        """Return the encoder's files.

        Raises:
            ValueError: they are not on this machine.
        """
        return {"encoder": auto_files(self.encoder)}

    def _load_encoder(self) -> tuple[PretrainedConfig, dict[str, Tensor], EncoderTokens]:
        found = load_auto(self.encoder)
        return found.config, found.weights, found.tokens

    def _read_encoder(self, config: bytes, tokenizer: Path) -> tuple[PretrainedConfig, EncoderTokens]:
        return read_auto_config(config), EncoderTokens.of(read_tokenizer_file(tokenizer))

    def _initialise(self, network: nn.Module) -> None:
        encoder = network.encoder
        assert isinstance(encoder, nn.Module)
        own = encoder.state_dict()  # a network may have no use for the pooler
        encoder.load_state_dict({name: weight for name, weight in self._pretrained.items() if name in own})
        del self._pretrained

    def _longest(self, config: PretrainedConfig) -> int:
        return longest_text(config)
