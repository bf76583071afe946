"""Scores and counts of tokens that a model returned, checked before anything is derived from them."""

import numpy as np

from benchmarks.errors import BenchmarkError
from data.arrays import FloatArray
from models.model import Encoded

SUM_TOLERANCE = 1e-4
"""Largest difference of a row's sum from 1: float32 probabilities of many classes round."""

KEPT_TOLERANCE = 0.05
"""Largest difference of a kept score from the same text's beside other texts, which move it a little in bf16."""


class ScoresError(BenchmarkError, ValueError):
    """Scores that are not class probabilities, or invalid token counts; the message is one line."""


def check_scores(scores: FloatArray, texts: int, classes: int) -> None:
    """Make sure that scores are probabilities: (N, C), finite, in 0..1, rows summing to 1.

    An argmax over a single column, or over NaN, is always class 0.

    Args:
        scores: what `Model.score` returned.
        texts: N.
        classes: C.

    Raises:
        ScoresError: they are not.
    """
    if fault := scores_fault(scores, texts, classes):
        raise ScoresError(f"score() returned no class probabilities: {fault}")


def check_kept(kept: FloatArray, scores: FloatArray) -> None:
    """Make sure that scores which a training kept are the fitted model's.

    Args:
        kept: (N, C) of some texts, from `Model.valid_scores`.
        scores: (N, C) of the same texts, from `Model.score`.

    Raises:
        ScoresError: they are not.
    """
    apart = float(np.abs(kept - scores).max())
    if not apart <= KEPT_TOLERANCE:
        raise ScoresError(
            f"valid_scores() differ from score() of the same texts by {apart:.2g} (cure: let valid_scores() return "
            "None if fit() changes the model after the epochs)"
        )


def check_encoded(encoded: Encoded, texts: int) -> None:
    """Make sure that counts of tokens are counts: of N texts, whole, 0 <= known <= read <= available.

    Args:
        encoded: what `Model.encode` returned.
        texts: N.

    Raises:
        ScoresError: they are not; shares of tokens would be nonsense.
    """
    counts = {"tokens": encoded.tokens, "available": encoded.available}
    if encoded.known is not None:
        counts["known"] = encoded.known
    for name, count in counts.items():
        if not (isinstance(count, np.ndarray) and count.dtype.kind in "iu" and count.shape == (texts,)):
            raise ScoresError(f"encode() returned {name} that are not ({texts},) whole numbers")
        if (count < 0).any():
            raise ScoresError(f"encode() returned negative {name}")
    if (encoded.tokens > encoded.available).any():
        raise ScoresError("encode() returned more tokens read than available")
    if encoded.known is not None and (encoded.known > encoded.tokens).any():
        raise ScoresError("encode() returned more tokens known than read")


def scores_fault(scores: object, texts: int, classes: int) -> str:
    """Return why scores are not probabilities; "" if they are."""
    if not isinstance(scores, np.ndarray) or scores.dtype.kind != "f":
        kind = f"an array of {scores.dtype}" if isinstance(scores, np.ndarray) else f"a {type(scores).__name__}"
        return f"{kind}, not a NumPy array of floats"
    if scores.shape != (texts, classes):
        columns = scores.shape[1] if scores.ndim == 2 else 1
        hint = f": {columns} score columns for {classes} classes" if columns != classes else ""
        return f"shape {scores.shape} for {texts} texts and {classes} classes{hint}"
    if not (finite := np.isfinite(scores).all(axis=1)).all():
        return f"{int((~finite).sum())} of {texts} rows hold NaN or infinity"
    if (outside := (scores < 0).any(axis=1)).any():
        return f"{int(outside.sum())} of {texts} rows hold negative numbers"
    sums = scores.sum(axis=1)
    if (apart := np.abs(sums - 1) > SUM_TOLERANCE).any():
        first = int(apart.argmax())
        return f"{int(apart.sum())} of {texts} rows do not sum to 1 (row {first}: {sums[first]:.4g})"
    return ""
