"""The terms of texts: runs of words, or of characters within words, in hashed columns that training knows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from data.arrays import FloatArray, IntArray
from data.dataset import Split
from models.linear.char_ngrams import hashed_char_ngrams, hashed_char_runs
from models.linear.hashed_ngrams import hashed_ngrams, hashed_runs
from models.linear.known_columns import KnownColumns
from models.linear.word_shares import word_shares

Analyzer = Literal["word", "char_wb"]

MOST_CHARACTERS = 5
"""Longest run of characters that is a term."""

SHORT_TEXT = 100
"""Words of a text, on average, below which runs of characters may be better."""

LONG_WORD = 15
"""Characters of a word, on average, from which on spaces do not separate words, as in Chinese, Japanese and Thai."""

MOST_WORK = 20_000_000
"""Words of all training texts, times classes, up to which training is short enough to try characters beside words."""

WORDS_PER_MIN_DF, MOST_MIN_DF = 200_000, 3
"""A term of fewer texts is left out for each so many words of the training texts, up to the most."""


def analyzers(choice: Literal["auto", "word", "char_wb"], train: Split) -> tuple[Analyzer, ...]:
    """Return the analyzers to try: one that is given, and for "auto" both where characters may be better than words.

    That is where texts are short and training is short, too, or where spaces do not separate words. Elsewhere words
    are frequent enough to be learnt, or several times faster.

    Args:
        choice: the parameter `analyzer` of a model.
        train: the training texts.
    """
    if choice != "auto":
        return (choice,)
    words, characters = max(1, int(train.lengths.sum())), sum(map(len, train.texts))
    short = words < SHORT_TEXT * len(train) and words * train.num_classes <= MOST_WORK
    return ("word", "char_wb") if short or characters >= LONG_WORD * words else ("word",)


def least_frequency(given: int | None, train: Split) -> int:
    """Return the least number of training texts with a known term: as given, or by the number of words."""
    return given or min(MOST_MIN_DF, 1 + int(train.lengths.sum()) // WORDS_PER_MIN_DF)


@dataclass(frozen=True)
class Terms:
    """Terms that a model knows.

    Attributes:
        analyzer: "word", or "char_wb": characters within words.
        ngrams: longest run of words that is a term; a run of characters has up to `MOST_CHARACTERS`.
        bits: size of a column's number.
        known: their columns.
    """

    analyzer: Analyzer
    ngrams: int
    bits: int
    known: KnownColumns

    @classmethod
    def of(
        cls, texts: Sequence[str], *, analyzer: Analyzer, ngrams: int, bits: int, min_df: int, threads: int
    ) -> tuple["Terms", csr_array]:
        """Know the terms of at least `min_df` of the N texts; return them with their counts (N, V).

        Raises:
            ValueError: there are none.
        """
        counts = _counted(analyzer, texts, ngrams, bits, threads)
        known = KnownColumns.frequent(counts, min_df)
        if not len(known):
            raise ValueError(f"no term is in min_df={min_df} training texts or more")
        return cls(analyzer, ngrams, bits, known), known.select(counts)

    def count(self, texts: Sequence[str], threads: int) -> tuple[csr_array, IntArray]:
        """Return the counts (N, V) of the known terms of texts, and (N,) how many different terms each has in all."""
        counts = _counted(self.analyzer, texts, self.ngrams, self.bits, threads)
        return self.known.select(counts), np.diff(counts.indptr).astype(np.int64)

    def shares(
        self, text: str, features: csr_array, coefficients: npt.NDArray[np.floating]
    ) -> tuple[tuple[str, ...], FloatArray]:
        """Split a text's logits among its words; among its characters where spaces do not separate words.

        Args:
            text: the text.
            features: (1, V) of the text.
            coefficients: (V, C).

        Returns:
            U words, and (U, C) shares, see `word_shares`.
        """
        if self.analyzer == "word":
            words, runs = hashed_runs(text, self.ngrams, self.bits)
            return tuple(words), word_shares([self._places(run) for run in runs], features, coefficients)
        words, units, char_runs = hashed_char_runs(text, MOST_CHARACTERS, self.bits)
        places = [self._places(run) for run in char_runs]
        shares = word_shares(places, features, coefficients, units >= 0)
        added = np.zeros((len(words), shares.shape[1]))
        np.add.at(added, units[units >= 0], shares[units >= 0])
        return tuple(words), added

    def _places(self, buckets: npt.NDArray[np.signedinteger]) -> IntArray:
        return np.where(buckets < 0, -1, self.known.places(buckets.astype(np.int64)))


def _counted(analyzer: Analyzer, texts: Sequence[str], ngrams: int, bits: int, threads: int) -> csr_array:
    if analyzer == "word":
        return hashed_ngrams(texts, ngrams, bits, threads)
    return hashed_char_ngrams(texts, MOST_CHARACTERS, bits, threads)
