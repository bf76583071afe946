"""How an engine is fed: texts of similar length together, the next ones turned into tokens while it computes."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from benchmarks.inference.saved import Classifier, Scored
from benchmarks.inference.text_input import check_texts
from data.arrays import FloatArray
from data.cleaning import clean
from data.dataset import IntArray
from models.model import Encoded
from models.neural.batching import TokenIds, pad, scoring_batches, token_counts

BLOCK = 256
"""Texts turned into tokens at a time, ahead of the engine."""

Batch = tuple[IntArray, IntArray]
"""input_ids (B, T) and attention_mask (B, T), both int64."""

Network = Callable[[Sequence[Batch]], list[FloatArray]]
"""Batches -> logits (B, C) of each, in their order."""


class Read(NamedTuple):
    """Some of the texts of a call, turned into tokens.

    Attributes:
        rows: (B,) their places among all.
        empty: (B,) whether nothing is left of a text once it is cleaned.
        encoded: the tokens.
    """

    rows: IntArray
    empty: npt.NDArray[np.bool_]
    encoded: Encoded


@dataclass(frozen=True, kw_only=True, repr=False)
class Served(Classifier):
    """A trained model whose network an engine runs.

    Attributes:
        network: runs batches.
        token_budget: tokens of a batch, padding counted.
    """

    network: Network
    token_budget: int

    def own_proba(self, texts: Sequence[str]) -> FloatArray:
        """Return the probabilities of each text, before calibration, (N, C).

        Raises:
            TypeError, ValueError: `texts` is one text, or one of them holds half a character (a surrogate).
        """
        check_texts(texts)
        found = np.empty((len(texts), len(self.classes)))
        for block in self._blocks(texts):
            found[block.rows] = self.scores(block.encoded)
        return found

    def scored(self, texts: Sequence[str]) -> Scored:
        """Return `predict_proba(texts)`, and the texts of which the model knows no word; there is at least one text."""
        own = np.empty((len(texts), len(self.classes)))
        empty, unknown = np.zeros((2, len(texts)), dtype=np.bool_)
        for block in self._blocks(texts):
            own[block.rows] = self.scores(block.encoded)
            empty[block.rows] = block.empty
            if block.encoded.known is not None:
                unknown[block.rows] = ~block.empty & (block.encoded.known == 0)
        return Scored(self._calibrated(own), empty, unknown)

    def _blocks(self, texts: Sequence[str]) -> Iterator[Read]:
        """Turn texts into tokens, the longest first; the next block while the caller works on this one."""
        order = np.array(sorted(range(len(texts)), key=lambda row: -len(texts[row])), dtype=np.int64)
        blocks = [order[start : start + BLOCK] for start in range(0, len(order), BLOCK)]
        if len(blocks) < 2:  # nothing to do meanwhile, and a thread would delay a single text
            yield from (self._read(texts, rows) for rows in blocks)
            return
        with ThreadPoolExecutor(1) as ahead:
            waiting = [ahead.submit(self._read, texts, rows) for rows in blocks]
            yield from (future.result() for future in waiting)

    def _read(self, texts: Sequence[str], rows: IntArray) -> Read:
        cleaned = [clean(texts[row]) for row in rows]
        return Read(rows, np.array([not text for text in cleaned]), self.model.encode(cleaned))

    def scores(self, encoded: Encoded) -> FloatArray:
        """Return the probabilities of encoded texts, (N, C)."""
        tokens: Sequence[TokenIds] = encoded.features
        batches = scoring_batches(encoded.tokens, self.token_budget)
        logits = self.network([batch([tokens[row] for row in rows]) for rows in batches])
        found = np.empty((len(encoded), len(self.classes)))
        for rows, own in zip(batches, logits, strict=True):
            found[rows] = softmax(own.astype(np.float64), axis=1)
        return found


def batch(texts: Sequence[TokenIds]) -> Batch:
    """Pad texts on the right: input_ids (B, T), attention_mask (B, T)."""
    ids = pad(texts).astype(np.int64)
    return ids, (np.arange(ids.shape[1]) < token_counts(texts)[:, None]).astype(np.int64)
