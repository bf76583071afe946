"""Hashed character n-grams within words, by array operations over code points: no loop over characters or words.

A text is lower-cased and split at white space; each word has a space on both sides, as in scikit-learn's `char_wb`,
and no n-gram reaches beyond these. The hashes are those of `models.linear.hashed_ngrams`, with characters in place of
words.
"""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import regex
from scipy.sparse import csr_array

from data.arrays import IntArray
from models.linear.hashed_ngrams import Bits, Buckets, counted_by_chunk, run_buckets, scattered

SPACE, TEXT_END = ord(" "), ord("\n")

WITHOUT_SPACES = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
UNIT = regex.compile(rf"[{WITHOUT_SPACES}]\p{{M}}*|[^ {WITHOUT_SPACES}]+")
"""A character, with its marks, of a script that writes no spaces between words; else a word or the rest of one."""


def hashed_char_ngrams(texts: Sequence[str], longest: int, bits: int, threads: int = 1) -> csr_array:
    """Count each text's runs of 1 to `longest` characters within words: (N, 2^`bits`), float32, columns in order.

    A text's counts do not depend on the other texts or on the number of threads.

    Args:
        texts: N texts.
        longest: longest run of characters, the spaces around a word counted.
        bits: as in `hashed_ngrams`.
        threads: processors to use.
    """
    return counted_by_chunk(partial(_chunk_keys, longest=longest, bits=bits), texts, bits, threads)


def hashed_char_runs(text: str, longest: int, bits: int) -> tuple[list[str], IntArray, list[IntArray]]:
    """Split a text into U units for a reader, with the buckets of its T characters.

    Args:
        text: the text.
        longest: as in `hashed_char_ngrams`.
        bits: as in `hashed_char_ngrams`.

    Returns:
        The units (see `UNIT`); (T,) the unit of each character, -1 for a space; and for each length of a run,
        (max(0, T - length + 1),) the bucket of the run that begins at each character, -1 where there is none.
    """
    spaced = _spaced(text)
    units = np.full(len(spaced), -1, dtype=np.int64)
    words = []
    for number, found in enumerate(UNIT.finditer(spaced)):
        units[found.start() : found.end()] = number
        words.append(found.group())
    codes = _codes(spaced)
    pairs = zip(run_buckets(_hashes(codes), longest, bits), _within_words(codes, longest), strict=True)
    return words, units, [np.where(within, buckets.astype(np.int64), -1) for buckets, within in pairs]


def _chunk_keys(texts: Sequence[str], longest: int, bits: int) -> Buckets:
    """The bucket of each run of a chunk of texts, with the number of its text in the upper bits."""
    codes = _codes("".join(f"{_spaced(text)}\n" for text in texts))
    text = np.cumsum(codes == TEXT_END, dtype=np.uint32) << np.uint32(bits)
    pairs = zip(run_buckets(_hashes(codes), longest, bits), _within_words(codes, longest), strict=True)
    return np.concatenate([(buckets | text[: len(buckets)])[within] for buckets, within in pairs])


def _spaced(text: str) -> str:
    words = text.lower().split()
    return f" {' '.join(words)} " if words else ""


def _codes(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _hashes(codes: npt.NDArray[np.uint32]) -> Bits:
    return scattered(codes.astype(np.uint64) + np.uint64(1))


def _within_words(codes: npt.NDArray[np.uint32], longest: int) -> Iterator[npt.NDArray[np.bool_]]:
    """For each n, whether the n-gram starting at each character lies within a word and its two spaces."""
    space, inside = codes == SPACE, codes != TEXT_END
    yield inside & ~space
    within = inside
    for length in range(2, longest + 1):
        within = within[:-1] & inside[length - 1 :]
        if length > 2:
            within = within & ~space[length - 2 : -1]
        yield within
