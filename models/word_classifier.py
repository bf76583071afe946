"""Base class of networks over words; a subclass only builds its network.

Words are those of torchtext's `basic_english` tokenizer, numbered as its `Vocab` numbers them. Plain string
replacements find the same words several times faster; a test proves the two equal, word for word.
"""

import json
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from pydantic import PositiveInt, TypeAdapter, ValidationError
from torch import nn

from data.dataset import IntArray, Split
from models.neural.batching import TokenIds
from models.neural.torch_classifier import TorchClassifier

PAD, UNKNOWN = "<pad>", "<unk>"
UNKNOWN_ID = 1

VOCABULARY_FILE = "vocabulary.json"

REPLACEMENTS = {
    '"': "",
    "<br />": " ",
    **{mark: f" {mark} " for mark in ".,'()!?"},
    **dict.fromkeys(";:", " "),
}
"""Replacements that basic_english makes in a lower-cased text before it splits at white space."""


class WordClassifier(TorchClassifier):
    """A network over words, trained from scratch.

    A subclass sets `name`, declares its own parameters, and overrides `build`. Of a text longer than `max_length` words
    it reads the last ones.
    """

    max_words: PositiveInt = 10_000
    """Size of the vocabulary, the most frequent words of the training texts."""

    min_frequency: PositiveInt = 2
    """Least number of occurrences of a word of the vocabulary."""

    @abstractmethod
    def build(self, words: int, classes: int) -> nn.Module:
        """Return the untrained network: input_ids (B, T) int64, mask (B, T) bool, True at words -> logits (B, C).

        Args:
            words: size of the vocabulary; ids are 0 for padding, on the right, 1 for an unknown word, and above.
            classes: C.
        """

    def count_tokens(self, texts: Sequence[str]) -> IntArray:
        """Return (N,) words."""
        return np.fromiter((len(split_words(text)) for text in texts), dtype=np.int64, count=len(texts))

    def _prepare(self, train: Split) -> None:
        self._adopt(build_vocabulary(train.texts, self.max_words, self.min_frequency))

    def _adopt(self, vocabulary: list[str]) -> None:
        self._vocabulary = vocabulary
        self._numbers = {word: number for number, word in enumerate(vocabulary)}

    def _token_ids(self, texts: Sequence[str]) -> tuple[list[TokenIds], IntArray]:
        """The last words of each text."""
        number, unknown = self._numbers.get, UNKNOWN_ID
        ids = []
        available = np.empty(len(texts), dtype=np.int64)
        for row, words in enumerate(map(split_words, texts)):
            available[row] = len(words)
            ids.append(np.array([number(word, unknown) for word in words[-self.max_length :]], dtype=np.int32))
        return ids, available

    def _known_counts(self, tokens: Sequence[TokenIds]) -> IntArray:
        return np.fromiter((np.count_nonzero(ids != UNKNOWN_ID) for ids in tokens), dtype=np.int64, count=len(tokens))

    def token_texts(self, text: str) -> list[str]:
        """Return the last words of a text, in the vocabulary or not."""
        return split_words(text)[-self.max_length :]

    def _network(self, num_classes: int) -> nn.Module:
        return self.build(len(self._vocabulary), num_classes)

    def _save_vocabulary(self, folder: Path) -> None:
        (folder / VOCABULARY_FILE).write_text(json.dumps(self._vocabulary, ensure_ascii=False), encoding="utf-8")

    def _load_vocabulary(self, folder: Path) -> None:
        try:
            self._adopt(TypeAdapter(list[str]).validate_json((folder / VOCABULARY_FILE).read_bytes(), strict=True))
        except ValidationError:
            raise ValueError(f"{VOCABULARY_FILE} is not a list of words") from None


def split_words(text: str) -> list[str]:
    """Split a text into the words that torchtext's `basic_english` tokenizer finds."""
    text = text.lower()
    for mark, replacement in REPLACEMENTS.items():
        text = text.replace(mark, replacement)
    return text.split()


def build_vocabulary(texts: Iterable[str], max_words: int, min_frequency: int) -> list[str]:
    """Number words as torchtext's `Vocab` does: padding, unknown, then the most frequent first.

    At most `max_words` words that occur at least `min_frequency` times; ties in order of characters.
    """
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(split_words(text))
    frequent = sorted(
        (word for word, count in counts.items() if count >= min_frequency and word not in (PAD, UNKNOWN)),
        key=lambda word: (-counts[word], word),
    )
    return [PAD, UNKNOWN, *frequent[:max_words]]
