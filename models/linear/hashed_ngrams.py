"""Hashed word n-grams of texts, by array operations over bytes: no loop over characters or words.

A word is a run of letters, combining marks, digits, underscores and apostrophes between them, in lower case;
punctuation that structures sentences, emoji and other symbols are words of their own. A word's hash is a polynomial in
its bytes modulo 2^64, the difference of two prefix sums (Karp & Rabin 1987). The hash of an n-gram is a polynomial in
its words' hashes; the upper bits of a product are its bucket (Dietzfelbinger et al. 1997). Hashing features: Weinberger
et al. (2009), arXiv:0902.2206.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial

import numpy as np
import numpy.typing as npt
import regex
from scipy.sparse import csr_array

from data.dataset import IntArray
from models.linear.known_columns import sparse_rows

CHUNK_TEXTS = 128
CHUNK_CHARACTERS = 1 << 18
"""Largest chunk of texts hashed at a time (a longer text alone); its arrays fit into a processor's cache."""

MOST_BITS = 24
"""Largest size of a bucket's number: 32 bits hold it together with a text's number within its chunk."""

TEXT_END = 0xFF
"""A byte that no UTF-8 text holds."""

SEPARATOR, LETTER, MARK = range(3)
KIND = np.full(256, SEPARATOR, dtype=np.uint8)
KIND[list(b"abcdefghijklmnopqrstuvwxyz0123456789_")] = LETTER
KIND[0x80:TEXT_END] = LETTER  # of a character beyond ASCII; those that are no letters have become spaces
KIND[[*b'!?.,:;()"', TEXT_END]] = MARK
APOSTROPHE = ord("'")
IN_WORDS = r"\p{L}\p{M}\p{N}\p{Pc}\p{Emoji_Modifier}\u200c\u200d"
"""Characters of words. Combining marks are among them: in Hindi, Thai, vocalised Arabic and decomposed accents they
tell words apart; so do the joiners U+200C and U+200D."""

MARKS_OF_SYMBOL = r"[\p{M}\p{Emoji_Modifier}]*"
SYMBOL = regex.compile(rf"\p{{So}}{MARKS_OF_SYMBOL}(?:\u200d\p{{So}}{MARKS_OF_SYMBOL})*")
"""An emoji or another symbol, with its modifiers: a word of its own."""

OTHER_SEPARATORS = regex.compile(rf"[^\x00-\x7f{IN_WORDS}\p{{So}}]+")

Bits = npt.NDArray[np.uint64]
Buckets = npt.NDArray[np.uint32]

BYTE_VALUES: Bits = np.random.default_rng(0).integers(1 << 64, size=256, dtype=np.uint64)
BASE = 0x9E3779B97F4A7C15
INVERSE_BASE = pow(BASE, -1, 1 << 64)
NEXT_WORD, SCATTER = np.uint64(0xD6E8FEB86659FD93), np.uint64(0xBF58476D1CE4E5B9)
HALF = np.uint64(32)


def hashed_ngrams(texts: Sequence[str], ngrams: int, bits: int, threads: int = 1) -> csr_array:
    """Count each text's runs of 1 to `ngrams` words: (N, 2^`bits`), float32, columns in order.

    A text's counts do not depend on the other texts or on the number of threads.

    Args:
        texts: N texts.
        ngrams: longest run of words, 1 or more.
        bits: size of a bucket's number, 1 to `MOST_BITS`; two runs share one with a probability of 2^-`bits`.
        threads: processors to use.
    """
    return counted_by_chunk(partial(_chunk_keys, ngrams=ngrams, bits=bits), texts, bits, threads)


def counted_by_chunk(
    keys: Callable[[Sequence[str]], Buckets], texts: Sequence[str], bits: int, threads: int
) -> csr_array:
    """Count each text's buckets: (N, 2^`bits`), float32, columns in order.

    Args:
        keys: a chunk of texts -> the bucket of each of their runs, in any order, plus 2^`bits` times the number of the
            run's text in the chunk.
        texts: N texts.
        bits: size of a bucket's number.
        threads: processors to use.
    """

    def counted(chunk: Sequence[str]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32], IntArray]:
        return _counted(keys(chunk), len(chunk), bits)

    parts = list(chunks(texts))
    if threads == 1 or len(parts) < 2:
        rows = list(map(counted, parts))
    else:
        with ThreadPoolExecutor(threads) as pool:  # NumPy releases the interpreter's lock
            rows = list(pool.map(counted, parts))
    buckets = np.concatenate([np.empty(0, dtype=np.int32), *(buckets for buckets, _, _ in rows)])
    times = np.concatenate([np.empty(0, dtype=np.float32), *(times for _, times, _ in rows)])
    ends = np.cumsum(np.concatenate([np.zeros(1, dtype=np.int64), *(sizes for _, _, sizes in rows)]))
    return sparse_rows(times, buckets, ends, 1 << bits)


def hashed_runs(text: str, ngrams: int, bits: int) -> tuple[list[str], list[npt.NDArray[np.int32]]]:
    """Split a text into its T words, in lower case, with the buckets that `hashed_ngrams` gives them.

    Args:
        text: the text.
        ngrams: as in `hashed_ngrams`.
        bits: as in `hashed_ngrams`.

    Returns:
        The words, and for each length of a run, (max(0, T - length + 1),) the bucket of the run that begins at each.
    """
    data = _bytes([text])
    starts, ends = _word_edges(data)
    words = [data[start:end].tobytes().decode() for start, end in zip(starts[:-1], ends[:-1], strict=True)]
    runs = run_buckets(word_hashes(data, starts, ends)[:-1], ngrams, bits)  # the last is the text's end
    return words, [buckets.astype(np.int32) for buckets in runs]


def chunks(texts: Sequence[str]) -> Iterator[list[str]]:
    """Cut texts into chunks that a processor's cache holds while they are hashed."""
    chunk: list[str] = []
    characters = 0
    for text in texts:
        if chunk and (len(chunk) == CHUNK_TEXTS or characters + len(text) > CHUNK_CHARACTERS):
            yield chunk
            chunk, characters = [], 0
        chunk.append(text)
        characters += len(text)
    if chunk:
        yield chunk


def _chunk_keys(texts: Sequence[str], ngrams: int, bits: int) -> Buckets:
    """The bucket of each run of a chunk of texts, with the number of its text in the upper bits."""
    data = _bytes(texts)
    starts, ends = _word_edges(data)
    is_end = data[starts] == TEXT_END  # no word, but the end of a text
    text = np.cumsum(is_end, dtype=np.uint32) << np.uint32(bits)  # of each word: its number, above a bucket's bits
    within = ~is_end
    found = []
    for before, buckets in enumerate(run_buckets(word_hashes(data, starts, ends), ngrams, bits)):
        if before:
            within = within[:-1] & ~is_end[before:]
        found.append((buckets | text[: len(buckets)])[within])
    return np.concatenate(found)


def _counted(keys: Buckets, texts: int, bits: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32], IntArray]:
    """The buckets of a chunk's texts, text by text and in order; the counts of each; (N,) buckets per text."""
    keys.sort()
    first = np.ones(len(keys), dtype=bool)
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    places = np.flatnonzero(first)
    times = np.diff(places, append=len(keys)).astype(np.float32)
    keys = keys[places]
    ends = np.searchsorted(keys, (np.arange(1, texts, dtype=np.uint32) << np.uint32(bits)))
    sizes = np.diff(ends, prepend=0, append=len(keys))
    return (keys & np.uint32((1 << bits) - 1)).astype(np.int32), times, sizes


def run_buckets(hashes: Bits, ngrams: int, bits: int) -> Iterator[Buckets]:
    """For each n, yield the bucket of the n-gram starting at each word, from the words' hashes."""
    shift = np.uint64(64 - bits)
    run = hashes
    for length in range(1, ngrams + 1):
        if length > 1:
            run = run[:-1] * NEXT_WORD + hashes[length - 1 :]
        yield ((run * SCATTER) >> shift).astype(np.uint32)


def _bytes(texts: Sequence[str]) -> npt.NDArray[np.uint8]:
    """The texts in lower case as UTF-8, a `TEXT_END` after each."""
    encoded = []
    for text in texts:
        lowered = text.lower()
        if not lowered.isascii():
            lowered = SYMBOL.sub(r" \g<0> ", OTHER_SEPARATORS.sub(" ", lowered))
        encoded.append(lowered.encode())
    encoded.append(b"")
    return np.frombuffer(bytes([TEXT_END]).join(encoded), dtype=np.uint8)


def _word_edges(data: npt.NDArray[np.uint8]) -> tuple[IntArray, IntArray]:
    """Start and end of each word in `data`; a text's end counts as a word."""
    kind = KIND[data]
    letter, mark = kind == LETTER, kind == MARK
    letter[1:-1] |= (data[1:-1] == APOSTROPHE) & letter[:-2] & letter[2:]
    change = np.diff(letter, prepend=False, append=False)
    starts = np.flatnonzero((change[:-1] & letter) | mark)
    return starts, np.flatnonzero((change[1:] & letter) | mark) + 1


def word_hashes(data: npt.NDArray[np.uint8], starts: IntArray, ends: IntArray) -> Bits:
    """Return the hash of each word from `starts` to `ends` in `data`, bytes of UTF-8."""
    prefix = np.zeros(len(data) + 1, dtype=np.uint64)
    size = 1 << len(data).bit_length()
    np.cumsum(BYTE_VALUES[data] * _powers(BASE, size)[: len(data)], out=prefix[1:])
    return scattered((prefix[ends] - prefix[starts]) * _powers(INVERSE_BASE, size)[starts])


def scattered(numbers: Bits) -> Bits:
    """Return the hash of each number; a product alone leaves the lower bits as poor as they were."""
    numbers ^= numbers >> HALF
    numbers *= SCATTER
    return numbers


@cache
def _powers(base: int, size: int) -> Bits:
    """`base` to the powers 0 .. size - 1, modulo 2^64."""
    powers = np.full(size, base, dtype=np.uint64)
    powers[0] = 1
    return np.multiply.accumulate(powers)
