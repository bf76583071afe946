"""How an engine is fed: texts of similar length together, the next ones turned into tokens while it computes."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from benchmarks.inference.saved import Classifier
from data.cleaning import clean
from data.dataset import IntArray
from models.model import Encoded, FloatArray
from models.neural.batching import TokenIds, pad, scoring_batches, token_counts

BLOCK = 256
"""Texts turned into tokens at a time, ahead of the engine."""

Batch = tuple[IntArray, IntArray]
"""input_ids (B, T) and attention_mask (B, T), both int64."""

Network = Callable[[Sequence[Batch]], list[FloatArray]]
"""Batches -> logits (B, C) of each, in their order."""


@dataclass(frozen=True, kw_only=True)
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
            TypeError: `texts` is one text, not a sequence of them.
        """
        if isinstance(texts, str):
            raise TypeError("predict and predict_proba take a sequence of texts, such as [text]")
        found = np.empty((len(texts), len(self.classes)))
        order = np.array(sorted(range(len(texts)), key=lambda row: -len(texts[row])), dtype=np.int64)
        blocks = [order[start : start + BLOCK] for start in range(0, len(order), BLOCK)]
        if len(blocks) == 1:  # nothing to do meanwhile
            found[blocks[0]] = self.scores(self.encode([texts[row] for row in blocks[0]]))
            return found
        with ThreadPoolExecutor(1) as ahead:
            waiting = [ahead.submit(self.encode, [texts[row] for row in rows]) for rows in blocks]
            for rows, encoded in zip(blocks, waiting, strict=True):
                found[rows] = self.scores(encoded.result())
        return found

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Clean texts and turn them into tokens."""
        return self.model.encode([clean(text) for text in texts])

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
