"""Token ids of texts, by array operations over bytes: a tokenizer is asked for each distinct word once.

BERT's tokenizers split at white space and ASCII punctuation before anything else, so a text's pieces are those of its
words. A word is looked up by a 64-bit hash of its bytes, see `models.linear.hashed_ngrams`. Other tokenizers, where a
piece may depend on the text around a word, read whole texts.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from data.dataset import IntArray
from models.linear.hashed_ngrams import LETTER, MARK, SEPARATOR, TEXT_END, chunks, word_hashes

Ids = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]
Hashes = npt.NDArray[np.uint64]

KIND = np.full(256, LETTER, dtype=np.uint8)
KIND[list(b" \t\n\r")] = SEPARATOR
KIND[[*b"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", TEXT_END]] = MARK
"""Kind of each byte. Characters beyond ASCII and control characters are left to the tokenizer, as parts of words."""

MOST_WORDS = 1_000_000
"""Distinct words that are remembered; then all are forgotten."""

SLOT_BITS = 21
"""Bits of a word's slot in the lookup table, which has two slots per word."""

BLOCK = 64
"""Chunks of texts whose new words are tokenised together."""

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Pieces:
    """Token ids of N texts, one text after the other.

    Attributes:
        ids: (P,) of all texts.
        ends: (N,) where each text ends.
    """

    ids: Ids
    ends: IntArray

    def __len__(self) -> int:
        """Return N."""
        return len(self.ends)

    @property
    def counts(self) -> IntArray:
        """(N,) tokens of each text."""
        return np.diff(self.ends, prepend=0)


class PieceReader:
    """Reads texts as token ids of a tokenizer, without special tokens."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Begin with no word remembered.

        Args:
            tokenizer: neither truncates nor pads.
        """
        self.tokenizer = tokenizer
        self._by_word = isinstance(tokenizer.pre_tokenizer, BertPreTokenizer) and isinstance(
            tokenizer.normalizer, BertNormalizer | None
        )
        self._memory = _Memory()

    def read(self, texts: Sequence[str], threads: int = 1) -> Pieces:
        """Return the ids of N texts; they do not depend on the other texts or on the number of threads.

        Args:
            texts: N texts.
            threads: processors to use.
        """
        if not self._by_word:
            whole = self._tokenize(texts)
            return Pieces(_flat(whole), np.cumsum([len(ids) for ids in whole], dtype=np.int64))
        parts = chunks(texts)
        found: list[Pieces] = []
        while block := list(islice(parts, BLOCK)):
            if threads == 1 or len(block) == 1:
                found += self._read_block(block, _in_turn)
            else:
                with ThreadPoolExecutor(threads) as pool:  # NumPy releases the interpreter's lock
                    found += self._read_block(block, lambda work, *items: list(pool.map(work, *items)))
        before = np.cumsum([0, *(len(part.ids) for part in found)])
        ends = [part.ends + start for part, start in zip(found, before[:-1], strict=True)]
        return Pieces(
            np.concatenate([np.empty(0, dtype=np.int32), *(part.ids for part in found)]),
            np.concatenate([np.empty(0, dtype=np.int64), *ends]),
        )

    def _read_block(self, block: Sequence[Sequence[str]], each: Callable[..., list[Any]]) -> list[Pieces]:
        if len(self._memory) > MOST_WORDS:
            self._memory = _Memory()
        words: list[_Words] = each(_words, block)
        numbers: list[IntArray] = each(self._memory.look_up, words)
        unknown: dict[int, str] = {}
        for own, found in zip(words, numbers, strict=True):
            for place in np.flatnonzero(found < 0):
                key = int(own.hashes[place])
                if key not in self._memory and key not in unknown:
                    unknown[key] = own.text(int(place))
        self._memory.add(list(unknown), self._tokenize(list(unknown.values())))
        pieces: list[Pieces] = each(self._memory.pieces, words, numbers)
        return pieces

    def _tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        return [found.ids for found in self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]


@dataclass(frozen=True)
class _Words:
    """The words of a chunk of texts in their bytes; a text's end is one too."""

    data: Bytes
    starts: IntArray
    ends: IntArray
    hashes: Hashes

    def text(self, place: int) -> str:
        return self.data[self.starts[place] : self.ends[place]].tobytes().decode()


class _Memory:
    """Words by number, from 1 on, with their ids; 0 stands for the end of a text, which has none."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._hashes = np.zeros(1, dtype=np.uint64)
        self._starts, self._counts = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
        self._ids = np.empty(0, dtype=np.int32)
        self._slots = np.zeros(1 << SLOT_BITS, dtype=np.int32)

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, key: int) -> bool:
        return key in self._numbers

    def add(self, keys: Sequence[int], ids: Sequence[Sequence[int]]) -> None:
        """Remember words by their hashes."""
        if not keys:
            return
        first = len(self._hashes)
        numbers = np.arange(first, first + len(keys))
        self._numbers |= dict(zip(keys, numbers.tolist(), strict=True))
        hashes = np.array(keys, dtype=np.uint64)
        counts = np.array([len(own) for own in ids], dtype=np.int64)
        starts = len(self._ids) + np.cumsum(counts) - counts
        self._hashes = np.concatenate([self._hashes, hashes])
        self._starts, self._counts = np.concatenate([self._starts, starts]), np.concatenate([self._counts, counts])
        self._ids = np.concatenate([self._ids, _flat(ids)])
        slots = _slots(hashes)
        free = self._slots[slots] == 0  # the first word in a slot keeps it: it is likely to be a frequent one
        self._slots[slots[free]] = numbers[free]

    def look_up(self, words: _Words) -> IntArray:
        """Return the number of each word; -1 for a word that is unknown, or not in its slot."""
        numbers = self._slots[_slots(words.hashes)]
        found = (self._hashes[numbers] == words.hashes) & (numbers > 0)
        is_end = words.data[words.starts] == TEXT_END
        return np.where(found, numbers, np.where(is_end, 0, -1)).astype(np.int64)

    def pieces(self, words: _Words, numbers: IntArray) -> Pieces:
        """Return the ids of a chunk whose words are all known."""
        lost = np.flatnonzero(numbers < 0)
        numbers[lost] = [self._numbers[key] for key in words.hashes[lost].tolist()]
        counts = self._counts[numbers]
        ends = np.cumsum(counts)
        places = np.repeat(self._starts[numbers] - (ends - counts), counts)
        places += np.arange(len(places))
        return Pieces(self._ids[places], ends[words.data[words.starts] == TEXT_END])


def _words(texts: Sequence[str]) -> _Words:
    data = np.frombuffer(bytes([TEXT_END]).join([*(text.encode() for text in texts), b""]), dtype=np.uint8)
    kind = KIND[data]
    letter, mark = kind == LETTER, kind == MARK
    change = np.diff(letter, prepend=False, append=False)
    starts = np.flatnonzero((change[:-1] & letter) | mark)
    ends = np.flatnonzero((change[1:] & letter) | mark) + 1
    return _Words(data, starts, ends, word_hashes(data, starts, ends))


def _slots(hashes: Hashes) -> IntArray:
    return (hashes >> np.uint64(64 - SLOT_BITS)).astype(np.int64)


def _flat(ids: Iterable[Sequence[int]]) -> Ids:
    return np.fromiter((number for own in ids for number in own), dtype=np.int32)


def _in_turn(work: Callable[..., R], *items: Iterable[T]) -> list[R]:
    return [work(*own) for own in zip(*items, strict=True)]
