"""The words behind a cell's most confident mistakes, as they are stored beside its predictions; needs no torch."""

from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

MISTAKES = 5
"""Mistakes of a cell that are explained and shown, at most."""

Method = Literal["weights", "gradients", "erasure"]


class ExplainedMistake(BaseModel):
    """The words behind a wrong label of a test text.

    Attributes:
        row: the text's number in the source.
        predicted: index of the wrong class, which is explained.
        method: see `benchmarks.inference.explain.Explanation`; None where nothing was computed.
        words: the words that add most to the class's log-odds, or take most away, each word's occurrences together
            (nats); strongest first.
        not_computed: the reason where there are no words; else empty.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    row: int
    predicted: int
    method: Method | None = None
    words: tuple[tuple[Annotated[str, Field(max_length=100)], FiniteFloat], ...] = Field(default=(), max_length=50)
    not_computed: Annotated[str, Field(max_length=500)] = ""


class Explanations(BaseModel):
    """Content of a cell's `explanations.json`: single words, no text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = 1
    mistakes: tuple[ExplainedMistake, ...] = Field(default=(), max_length=50)


def most_confident_mistakes(
    rows: npt.NDArray[np.int64], labels: npt.NDArray[np.int64], probabilities: npt.NDArray[np.float64]
) -> list[int]:
    """Return the indices of the most confident wrong ones of N predictions, at most `MISTAKES`, most confident first.

    Of equally confident ones, the text with the lower row number comes first.

    Args:
        rows: (N,) row numbers of the texts.
        labels: (N,) their class indices.
        probabilities: (N, C).
    """
    confidence = probabilities.max(axis=1)
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    order = np.lexsort((rows[wrong], -confidence[wrong]))
    chosen: list[int] = wrong[order][:MISTAKES].tolist()
    return chosen
