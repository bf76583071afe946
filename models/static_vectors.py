"""Static token vectors in model2vec's layout: read from a folder or the Hub, or distilled from the packaged MiniLM.

model2vec (Tulkens & van Dongen 2024, https://github.com/MinishLab/model2vec): the output of a sentence encoder for each
token of its vocabulary, reduced by PCA, and weighted by an estimate of smooth inverse frequency (Arora et al. 2017).
The package itself is needed for distilling only.
"""

import hashlib
import importlib.util
import io
import json
import re
import tempfile
from contextlib import redirect_stderr
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

from models.content_cache import cache_folder, code_digest
from models.encoder.auto import hub_folder, quiet, read_tokenizer_file
from models.encoder.tokens import unknown_id
from models.encoder.weights import MINILM_SHA256, packaged_minilm
from models.saved_files import check_sizes

Float32 = npt.NDArray[np.float32]

WEIGHTS_FILE, TOKENIZER_FILE, CONFIG_FILE = "model.safetensors", "tokenizer.json", "config.json"
FILES = (WEIGHTS_FILE, TOKENIZER_FILE, CONFIG_FILE)

DISTILLED: dict[str, Any] = {"pca_dims": 256, "sif_coefficient": 1e-4}
"""model2vec's arguments for the packaged MiniLM, its defaults."""

CODE = [Path(__file__).with_name(name) for name in ("static_vectors.py", "encoder")]
"""Modules and packages that distil vectors."""

RESERVED = re.compile(r"\[(?:PAD|CLS|SEP|MASK|unused\d+)\]")
"""Tokens of the encoder that occur in no text: they have no vector, and do not count in the ranks of frequency."""


@dataclass(frozen=True)
class StaticVectors:
    """A vector and a weight for each of V tokens.

    Attributes:
        vectors: (V, D).
        weights: (V,) by which a token counts in a text's mean; 0 for the token that stands for unknown ones.
        tokenizer: neither truncates nor pads.
    """

    vectors: Float32
    weights: Float32
    tokenizer: Tokenizer


def check_vectors(name: str) -> None:
    """Make sure that vectors can be read: download them from the Hub, or distil them, where they are not here.

    Raises:
        ValueError: they cannot; one line with the remedy.
    """
    if name != "minilm":
        _check_folder(name, _folder(name, download=True))
        return
    packaged_minilm()
    if any(importlib.util.find_spec(package) is None for package in ("model2vec", "skeletoken")):
        raise ValueError(
            "vectors 'minilm' are distilled by a package that is missing; pip install 'model2vec[distill]', or name a "
            "folder in model2vec's layout"
        )
    if cache_folder() is not None:
        _minilm()


def vector_files(name: str) -> tuple[Path, ...]:
    """Return the files that the vectors come from: their own, or the encoder's that they are distilled from.

    Raises:
        ValueError: they are not on this machine.
    """
    if name == "minilm":
        return tuple(packaged_minilm() / file for file in ("config.json", "model.safetensors", "tokenizer.json"))
    folder = _folder(name, download=False)
    return tuple(folder / file for file in FILES)


def load_vectors(name: str) -> StaticVectors:
    """Read vectors from a folder or the Hub; distil them first if the packaged MiniLM is named.

    Raises:
        ValueError: they cannot be found, read or distilled.
    """
    try:
        if name == "minilm":
            return _minilm()
        folder = _folder(name, download=True)
        _check_folder(name, folder)
        check_sizes([folder / file for file in FILES])
        return read_vectors(folder)
    except Exception as error:  # noqa: BLE001  (there is no end to what parsers raise on files that are not theirs)
        raise ValueError(f"vectors {name!r} cannot be read: {_line(error)}") from None


def read_vectors(folder: Path) -> StaticVectors:
    """Read a folder in model2vec's layout.

    Raises:
        ValueError: its files do not belong together.
    """
    arrays = load_file(folder / WEIGHTS_FILE)
    vectors: npt.NDArray[Any] = arrays["embeddings"]
    tokenizer = read_tokenizer_file(folder / TOKENIZER_FILE)
    tokens = max(tokenizer.get_vocab().values()) + 1
    if "mapping" in arrays:  # several tokens share a vector
        vectors = vectors[arrays["mapping"]]
    weights = arrays.get("weights", np.ones(len(vectors)))
    if vectors.ndim != 2 or weights.shape != (len(vectors),) or len(vectors) < tokens:
        raise ValueError(f"{len(vectors)} vectors and {len(weights)} weights for {tokens} tokens")
    vectors, weights = vectors.astype(np.float32), weights.astype(np.float32)
    if not (np.isfinite(vectors).all() and np.isfinite(weights).all()):
        raise ValueError(f"{WEIGHTS_FILE} holds other than finite numbers")
    if (unknown := unknown_id(tokenizer)) is not None:
        weights[unknown] = 0
    return StaticVectors(vectors, weights, tokenizer)


def _minilm() -> StaticVectors:
    """Read the packaged MiniLM's vectors; distil them where the cache lacks them."""
    cache = cache_folder()
    if cache is None:
        with tempfile.TemporaryDirectory() as name:
            return read_vectors(_distil(Path(name) / "vectors"))
    folder = cache / "distilled" / _distilled_name()
    if not (folder / WEIGHTS_FILE).is_file():
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as name:
            whole = _distil(Path(name) / "vectors")
            try:
                whole.rename(folder)
            except OSError:  # another process was faster
                if not (folder / WEIGHTS_FILE).is_file():
                    raise
    return read_vectors(folder)


def _distil(folder: Path) -> Path:
    """Distil the packaged MiniLM with model2vec's steps, token by token of the encoder's own vocabulary.

    model2vec's own `distill` (0.8, with skeletoken 0.6) removes tokens from a copy of the tokenizer that shares its
    record of removals with the original, and so gives tokens the vectors of others.
    """
    from model2vec.distill.inference import create_embeddings, post_process_embeddings
    from transformers import AutoModel

    tokenizer = read_tokenizer_file(packaged_minilm() / TOKENIZER_FILE)
    numbered = tokenizer.get_vocab()
    numbers = sorted(number for name, number in numbered.items() if not RESERVED.fullmatch(name))
    first, last, padding = (numbered[name] for name in ("[CLS]", "[SEP]", "[PAD]"))
    with quiet(), redirect_stderr(io.StringIO()):  # its progress
        encoder = AutoModel.from_pretrained(packaged_minilm())
        sequences = [[first, number, last] for number in numbers]
        outputs = create_embeddings(encoder, sequences, device="cpu", pad_token_id=padding)
        found, shares = post_process_embeddings(outputs, **DISTILLED)
    vectors = np.zeros((len(numbered), found.shape[1]), np.float32)
    weights = np.zeros(len(numbered), np.float32)
    vectors[numbers], weights[numbers] = found, shares
    folder.mkdir()
    save_file({"embeddings": vectors, "weights": weights}, folder / WEIGHTS_FILE)
    tokenizer.save(str(folder / TOKENIZER_FILE))
    (folder / CONFIG_FILE).write_text(json.dumps({"model_type": "model2vec", "normalize": True, **DISTILLED}))
    return folder


def _distilled_name() -> str:
    """Digest of everything that the distilled vectors depend on."""
    versions = {name: version(name) for name in ("model2vec", "scikit-learn", "tokenizers", "torch", "transformers")}
    facts = {
        "encoder": MINILM_SHA256,
        "arguments": {**DISTILLED, "reserved": RESERVED.pattern},
        "versions": versions,
        "code": code_digest(*CODE),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]


def _folder(name: str, *, download: bool) -> Path:
    """Return the folder with the files.

    Raises:
        ValueError: there is none.
    """
    if name and Path(name).is_dir():
        return Path(name)
    try:
        return hub_folder(name, FILES, download=download)
    except ValueError as error:
        raise ValueError(f"vectors {name!r}: {error}") from None


def _check_folder(name: str, folder: Path) -> None:
    """Raise ValueError unless a folder has all files."""
    for file in FILES:
        if not (folder / file).is_file():
            raise ValueError(
                f"vectors {name!r}: the folder lacks {file} (wanted: {', '.join(FILES)}, as model2vec saves)"
            )


def _line(error: Exception) -> str:
    kind = "" if type(error) is ValueError else f"{type(error).__name__}: "
    return " ".join(f"{kind}{error}".split())[:200]
