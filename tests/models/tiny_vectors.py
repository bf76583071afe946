"""Static vectors of a few hundred random numbers, in model2vec's layout."""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

MARKS = ["[PAD]", "[UNK]"]
WORDS = ["the", "film", "was", "a", "plot", "actor", "awful", "boring", "dull", "poor", "great", "wonderful", "superb"]
LETTERS = [chr(code) for code in range(33, 127) if not chr(code).isupper()]


def write_vectors(folder: Path, *, width: int = 16, kind: str = "pieces") -> Path:
    """Write config.json, model.safetensors and tokenizer.json as `StaticModel.save_pretrained` does.

    Args:
        folder: an existing one.
        width: numbers of a vector.
        kind: "pieces" of words as BERT's, "words" without pieces, or pieces of which several share a vector.
    """
    tokens = [*MARKS, *WORDS, *([] if kind == "words" else [*LETTERS, *(f"##{letter}" for letter in LETTERS)])]
    numbers = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
    if kind == "words":
        tokenizer = Tokenizer(models.WordLevel(numbers, unk_token="[UNK]"))
        tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.Lowercase(), pre_tokenizers.Whitespace()
    else:
        tokenizer = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]"))
        tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    tokenizer.enable_truncation(8)  # as a checkpoint may have it; vectors are of whole texts
    generator = np.random.default_rng(0)
    rows = 20 if kind == "shared" else len(numbers)
    arrays = {"embeddings": generator.normal(size=(rows, width)).astype(np.float32)}
    if kind == "shared":
        arrays["mapping"] = generator.integers(0, rows, len(numbers))
    if kind != "words":
        arrays["weights"] = generator.uniform(0.1, 1, len(numbers))
    save_file(arrays, folder / "model.safetensors")
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"model_type": "model2vec", "architectures": ["StaticModel"], "normalize": False, "seq_length": 1_000_000}
    (folder / "config.json").write_text(json.dumps(config))
    return folder
