"""Encoders of a few thousand random numbers, in the Hub's layout: one of each architecture."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import AutoConfig, AutoModelForMaskedLM, PreTrainedTokenizerFast

WORDS = ["the", "film", "was", "a", "plot", "actor", "awful", "boring", "dull", "poor", "great", "wonderful", "superb"]
LETTERS = "abcdefghijklmnopqrstuvwxyz?,.-'"

BERT_MARKS = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}
ROBERTA_MARKS = {"cls": "<s>", "pad": "<pad>", "sep": "</s>", "unk": "<unk>", "mask": "<mask>"}
SPACE = "▁"

SETTINGS = {
    "albert": {"embedding_size": 8},
    "electra": {"embedding_size": 8},
    "distilbert": {"dim": 16, "hidden_dim": 32, "n_layers": 3, "n_heads": 2},
    "deberta": {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_biased_input": False},
    "deberta-v2": {
        "relative_attention": True,
        "pos_att_type": ["p2c", "c2p"],
        "position_biased_input": False,
        "position_buckets": 8,
        "share_att_key": True,
        "norm_rel_ebd": "layer_norm",
    },
    "modernbert": {"local_attention": 4, "global_attn_every_n_layers": 2},
}
"""What is particular to an architecture; DeBERTa as its third version is shaped."""

TOKENIZERS = {
    "albert": "unigram",
    "deberta-v2": "unigram",
    "xlm-roberta": "unigram",
    "camembert": "unigram",
    "roberta": "bytes",
    "deberta": "bytes",
    "modernbert": "bytes",
}
"""Architecture -> kind of tokenizer; BERT's word pieces for the others."""


def write_encoder(folder: Path, architecture: str, *, longest: int = 64) -> Path:
    """Write config.json, model.safetensors and tokenizer.json as `save_pretrained` does; return the folder."""
    tokenizer = _tokenizer(architecture)
    numbers = tokenizer.get_vocab()
    marks = {name: numbers[getattr(tokenizer, f"{name}_token")] for name in BERT_MARKS}
    config = AutoConfig.for_model(
        architecture,
        vocab_size=len(numbers),
        hidden_size=16,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=longest + (marks["pad"] + 1 if architecture in ROBERTA_LIKE else 0),
        pad_token_id=marks["pad"],
        bos_token_id=marks["cls"],
        eos_token_id=marks["sep"],
        cls_token_id=marks["cls"],
        sep_token_id=marks["sep"],
        initializer_range=0.2,
        **SETTINGS.get(architecture, {}),
    )
    torch.manual_seed(0)
    AutoModelForMaskedLM.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


ROBERTA_LIKE = ("camembert", "mpnet", "roberta", "xlm-roberta")


def _tokenizer(architecture: str) -> PreTrainedTokenizerFast:
    kind = TOKENIZERS.get(architecture, "pieces")
    marks = ROBERTA_MARKS if kind != "pieces" or architecture == "mpnet" else BERT_MARKS
    vocabulary = list(marks.values())
    if kind == "pieces":
        vocabulary = list(dict.fromkeys([*vocabulary, *WORDS, *LETTERS, *(f"##{letter}" for letter in LETTERS)]))
        core = Tokenizer(models.WordPiece({piece: n for n, piece in enumerate(vocabulary)}, unk_token=marks["unk"]))
        core.normalizer, core.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    elif kind == "bytes":
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        merges = [("Ġ", "d"), ("Ġd", "u"), ("l", "l")]
        vocabulary += [*alphabet, *("".join(merge) for merge in merges)]
        core = Tokenizer(models.BPE({piece: n for n, piece in enumerate(vocabulary)}, merges))
        core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        core.decoder = decoders.ByteLevel()
    else:
        pieces = [*vocabulary, *(SPACE + word for word in WORDS), SPACE, *LETTERS]
        core = Tokenizer(models.Unigram([(piece, -float(n)) for n, piece in enumerate(pieces)], unk_id=3))
        core.normalizer = normalizers.Lowercase()
        core.pre_tokenizer = pre_tokenizers.Metaspace()
        core.decoder = decoders.Metaspace()
    numbers = core.get_vocab()
    core.post_processor = processors.TemplateProcessing(
        single=f"{marks['cls']} $A {marks['sep']}",
        special_tokens=[(marks[name], numbers[marks[name]]) for name in ("cls", "sep")],
    )
    return PreTrainedTokenizerFast(tokenizer_object=core, **{f"{name}_token": mark for name, mark in marks.items()})
