"""Texts as the token ids of an encoder's own tokenizer, with its special tokens, truncated."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from tokenizers import Tokenizer

from data.dataset import IntArray
from models.encoder.truncation import Truncation, truncate
from models.neural.batching import TokenIds

WORD_STARTS = ("Ġ", "▁")
"""Prefixes of a piece that begins a word: of byte-level tokenizers, and of SentencePiece's."""

PROBE = "a"


@dataclass(frozen=True)
class EncoderTokens:
    """A tokenizer and the special tokens that it puts around a text.

    Attributes:
        tokenizer: neither truncates nor pads.
        before: ids before a text, such as [CLS]'s.
        after: ids after a text, such as [SEP]'s.
    """

    tokenizer: Tokenizer
    before: tuple[int, ...]
    after: tuple[int, ...]

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> Self:
        """Find the special tokens that a tokenizer adds.

        Raises:
            ValueError: it adds some within a text.
        """
        bare = tokenizer.encode(PROBE, add_special_tokens=False).ids
        whole = tokenizer.encode(PROBE, add_special_tokens=True).ids
        for start in range(len(whole) - len(bare) + 1):
            if whole[start : start + len(bare)] == bare:
                return cls(tokenizer, tuple(whole[:start]), tuple(whole[start + len(bare) :]))
        raise ValueError("the tokenizer does not put its special tokens around a text")

    @property
    def special(self) -> int:
        """Number of special tokens around a text."""
        return len(self.before) + len(self.after)

    @cached_property
    def unknown(self) -> int | None:
        """The id that stands for what the vocabulary lacks; see `unknown_id`."""
        return unknown_id(self.tokenizer)

    def known_counts(self, ids: Sequence[TokenIds]) -> IntArray | None:
        """Return (N,) tokens of each text's ids that the vocabulary has; None if it covers every text.

        Special tokens count as known, but in a text of nothing else that is known, where no token does.
        """
        if self.unknown is None:
            return None
        lacking = np.fromiter((np.count_nonzero(text == self.unknown) for text in ids), np.int64, count=len(ids))
        known = np.fromiter((len(text) for text in ids), np.int64, count=len(ids)) - lacking
        return np.where(known > self.special, known, 0)

    def ids(self, texts: Sequence[str], length: int, truncation: Truncation) -> tuple[list[TokenIds], IntArray]:
        """Return the ids of N texts, at most `length` each, and (N,) tokens of each before truncation."""
        pieces = self._pieces(texts)
        kept = [truncate(text, length - self.special, truncation) for text in pieces]
        ids = [np.array([*self.before, *text, *self.after], dtype=np.int32) for text in kept]
        return ids, self._counts(pieces)

    def counts(self, texts: Sequence[str]) -> IntArray:
        """Return (N,) tokens of each text, special tokens counted."""
        return self._counts(self._pieces(texts))

    def readable(self, ids: Sequence[int]) -> list[str]:
        """Return the tokens as people read them; "##" marks a piece that continues a word, as in BERT's tokenizers."""
        special, marked = {*self.before, *self.after}, self._marks_words()
        return [self._readable(int(number), special, marked=marked) for number in ids]

    def _readable(self, number: int, special: set[int], *, marked: bool) -> str:
        piece = str(self.tokenizer.id_to_token(number))
        if number in special or not marked:
            return piece
        text = self.tokenizer.decode([number], skip_special_tokens=False).strip()
        return text if piece.startswith(WORD_STARTS) else f"##{text}"

    def _marks_words(self) -> bool:
        """Whether the tokenizer marks the pieces that begin a word; WordPiece marks those that continue one."""
        pieces = self.tokenizer.encode(f"{PROBE} {PROBE}", add_special_tokens=False).tokens
        return any(piece.startswith(WORD_STARTS) for piece in pieces)

    def _pieces(self, texts: Sequence[str]) -> list[list[int]]:
        return [found.ids for found in self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    def _counts(self, pieces: Sequence[Sequence[int]]) -> IntArray:
        return np.fromiter((len(text) + self.special for text in pieces), dtype=np.int64, count=len(pieces))


def unknown_id(tokenizer: Tokenizer) -> int | None:
    """Return the id that stands for pieces which a vocabulary lacks; None if there is none, as among bytes."""
    model = json.loads(tokenizer.to_str())["model"]
    if model.get("unk_token") is not None:  # BPE, WordPiece, whole words
        return tokenizer.token_to_id(model["unk_token"])
    return None if model.get("unk_id") is None else int(model["unk_id"])  # SentencePiece's Unigram
