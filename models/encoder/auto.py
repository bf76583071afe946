"""Pre-trained encoders of any supported architecture, as they are on the Hub, with their own tokenizers.

Weights are read from safetensors only, and code that comes with an encoder is never run.
"""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from httpx2 import HTTPError
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled
from tokenizers import Tokenizer
from torch import Tensor
from transformers import AutoConfig, AutoModel, AutoTokenizer, PretrainedConfig
from transformers.utils import logging

from models.encoder import attention
from models.encoder.tokens import EncoderTokens
from models.encoder.weights import HUB, OFFLINE, packaged_minilm
from models.saved_files import check_sizes

ARCHITECTURES = (
    "albert",
    "bert",
    "camembert",
    "deberta",
    "deberta-v2",
    "distilbert",
    "electra",
    "ernie",
    "modernbert",
    "mpnet",
    "roberta",
    "xlm-roberta",
)
"""Values of `model_type`; DeBERTa-v3 is a "deberta-v2"."""

AFTER_PADDING = ("camembert", "mpnet", "roberta", "xlm-roberta")
"""Architectures whose first position has the number after the padding token's."""

OWN_ATTENTION = ("deberta", "deberta-v2", "mpnet")
"""Architectures that add a term to attention scores, which only their own code computes."""

SLIDING_WINDOW = ("modernbert",)
"""Architectures in which a token attends to others than its neighbour does."""

GRAPHABLE = frozenset({"albert", "bert", "camembert", "distilbert", "electra", "ernie", "roberta", "xlm-roberta"})
"""Architectures whose passes neither wait for the device nor depend on a batch beyond its shape."""

TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spm.model",
    "spiece.model",
    "sentencepiece.bpe.model",
)
PATTERNS = ("config.json", "*.safetensors", "model.safetensors.index.json", *TOKENIZER_FILES)
"""Files that are read of an encoder's folder."""

HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")

LEFT_OUT = frozenset(
    {"_name_or_path", "architectures", "auto_map", "dtype", "id2label", "label2id", "num_labels", "torch_dtype"}
)
"""Keys of a configuration that say nothing of the encoder's shape."""

MOST_LAYERS, LARGEST_NUMBER = 1_000, 10**7
"""Bounds of the whole numbers of a saved configuration, far beyond any encoder that exists."""


@dataclass(frozen=True)
class AutoEncoder:
    """A pre-trained encoder.

    Attributes:
        config: its shape.
        weights: of transformers' `AutoModel`.
        tokens: its tokenizer.
    """

    config: PretrainedConfig
    weights: dict[str, Tensor]
    tokens: EncoderTokens


def check_auto(name: str) -> None:
    """Make sure that an encoder's files are on this machine; download them from the Hub if they are not.

    Raises:
        ValueError: there is no such encoder, or its files are not what they must be; one line with the remedy.
    """
    _check_folder(name, _folder(name, download=True))


def auto_files(name: str) -> tuple[Path, ...]:
    """Return the files of an encoder that are read.

    Raises:
        ValueError: they are not on this machine.
    """
    folder = _folder(name, download=False)
    return tuple(sorted({path for pattern in PATTERNS for path in folder.glob(pattern)}))


def load_auto(name: str) -> AutoEncoder:
    """Load an encoder by name, from a folder, or from the Hub.

    Raises:
        ValueError: it cannot be found or read.
    """
    folder = _folder(name, download=True)
    _check_folder(name, folder)
    try:
        check_sizes(auto_files(name))
        with quiet():
            config = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
            tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
            model, info = AutoModel.from_pretrained(
                folder,
                config=config,
                dtype=torch.float32,
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
                output_loading_info=True,
            )
        missing = sorted(key for key in info["missing_keys"] if not key.startswith("pooler."))
        if missing:
            raise ValueError(f"the weights lack {missing[0]}")
        config = read_auto_config(config.to_json_string(use_diff=False).encode())
        return AutoEncoder(config, model.state_dict(), EncoderTokens.of(_as_filed(tokenizer.backend_tokenizer, folder)))
    except Exception as error:  # noqa: BLE001  (there is no end to what parsers raise on files that are not theirs)
        raise ValueError(f"encoder {name!r} cannot be read: {_line(error)}") from None


def read_auto_config(content: bytes) -> PretrainedConfig:
    """Read an encoder's shape from its configuration.

    Raises:
        ValueError: it is no configuration of a supported architecture.
    """
    found: Any = json.loads(content)
    if not isinstance(found, dict):
        raise ValueError("the configuration is no JSON object")
    architecture = found.pop("model_type", None)
    _check_architecture(architecture)
    kept = {name: value for name, value in found.items() if name not in LEFT_OUT and not name.startswith("_")}
    for name, value in kept.items():
        limit = MOST_LAYERS if "layer" in name or "group" in name else LARGEST_NUMBER
        if isinstance(value, int) and abs(value) > limit:
            raise ValueError(f"the configuration's {name} is {value}, more than {limit}")
    with quiet():
        config = AutoConfig.for_model(architecture, **kept)
    if architecture in OWN_ATTENTION:
        config._attn_implementation = "eager"
    else:
        config._attn_implementation = "sdpa" if architecture in SLIDING_WINDOW else attention.NAME
    return config


def read_tokenizer_file(path: Path) -> Tokenizer:
    """Read a tokenizer of any kind; it neither truncates nor pads.

    Raises:
        ValueError: the file holds none.
    """
    try:
        return _bare(Tokenizer.from_str(path.read_text(encoding="utf-8")))
    except Exception as error:  # noqa: BLE001  (tokenizers raises the base class itself)
        raise ValueError(f"{path.name} holds no tokenizer: {_line(error)}") from None


def _as_filed(tokenizer: Tokenizer, folder: Path) -> Tokenizer:
    """Give a tokenizer that transformers built the steps before its vocabulary that the folder's tokenizer.json says.

    Transformers takes the defaults of the architecture where the folder's other files do not repeat them: it would read
    a cased BERT in lower case.

    Raises:
        ValueError: the file holds no tokenizer.
    """
    path = folder / "tokenizer.json"
    if path.is_file():
        filed = read_tokenizer_file(path)
        tokenizer.normalizer, tokenizer.pre_tokenizer = filed.normalizer, filed.pre_tokenizer
    return _bare(tokenizer)


def longest_text(config: PretrainedConfig) -> int:
    """Return the tokens that an encoder has positions for."""
    before = config.pad_token_id + 1 if config.model_type in AFTER_PADDING else 0
    return int(config.max_position_embeddings) - before


def _folder(name: str, *, download: bool) -> Path:
    """Return the folder with an encoder's files.

    Raises:
        ValueError: there is none.
    """
    if name == "minilm":
        return packaged_minilm()
    if name and Path(name).is_dir():
        return Path(name)
    try:
        return hub_folder(name, PATTERNS, download=download)
    except ValueError as error:
        raise ValueError(f"encoder {name!r}: {error}") from None


def hub_folder(name: str, patterns: Sequence[str], *, download: bool) -> Path:
    """Return the folder of this machine with files of a repository on the Hub.

    Args:
        name: the repository.
        patterns: files to have.
        download: whether to ask the Hub for files that are not on this machine.

    Raises:
        ValueError: they are not to be had.
    """
    if not HUB_NAME.fullmatch(name) or ".." in name:
        raise ValueError("no folder, and no name on the Hub (choices: minilm, a folder, OWNER/NAME)")
    repository, revision = HUB.get(name, (name, None))
    wanted: dict[str, Any] = {"repo_id": repository, "revision": revision, "allow_patterns": list(patterns)}
    try:
        folder = Path(snapshot_download(**wanted, local_files_only=True))
        if not download or any(folder.glob("*.safetensors")):  # other libraries keep tokenizers without weights
            return folder
    except LocalEntryNotFoundError:
        pass
    if not download:
        raise ValueError(f"it is not on this machine; {OFFLINE}")
    try:
        with quiet():
            return Path(snapshot_download(**wanted))
    except (HTTPError, HfHubHTTPError, OfflineModeIsEnabled, LocalEntryNotFoundError) as error:
        raise ValueError(f"the Hub does not give it ({_line(error)}); {OFFLINE}") from None


def _check_folder(name: str, folder: Path) -> None:
    """Raise ValueError unless a folder holds a supported encoder."""
    if not (folder / "config.json").is_file():
        raise ValueError(f"encoder {name!r}: the folder lacks config.json")
    if not any(folder.glob("*.safetensors")):
        raise ValueError(
            f"encoder {name!r}: the folder has no weights as safetensors (transformers' save_pretrained writes them)"
        )
    if not any((folder / file).is_file() for file in TOKENIZER_FILES):
        raise ValueError(f"encoder {name!r}: the folder lacks a tokenizer (tokenizer.json)")
    try:
        found = json.loads((folder / "config.json").read_bytes())
        _check_architecture(found.get("model_type") if isinstance(found, dict) else None)
    except ValueError as error:
        raise ValueError(f"encoder {name!r}: {_line(error)}") from None


def _check_architecture(architecture: object) -> None:
    if architecture not in ARCHITECTURES:
        raise ValueError(f"model_type {architecture!r} is not supported (choices: {', '.join(ARCHITECTURES)})")


def _bare(tokenizer: Tokenizer) -> Tokenizer:
    """Keep a tokenizer from truncating and padding."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress progress bars and warnings of transformers while files are loaded."""
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def _line(error: Exception) -> str:
    kind = "" if type(error) is ValueError else f"{type(error).__name__}: "
    return " ".join(f"{kind}{error}".split())[:200]
