"""The words behind a cell's most confident mistakes, as they stand on disk beside its predictions; needs no torch."""

from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

MISTAKES = 5
"""Of a cell that are explained and shown."""

Method = Literal["weights", "gradients", "erasure"]


class ExplainedMistake(BaseModel):
    """Why a test text got a label that it does not have.

    Attributes:
        row: its number in the source.
        predicted: index of the class it got, which is explained.
        method: see `benchmarks.inference.explain.Explanation`; None where nothing was computed.
        words: the words that add most to the class's log-odds, or take most, each word's occurrences together (nats);
            strongest first.
        not_computed: why there are none; else empty.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    row: int
    predicted: int
    method: Method | None = None
    words: tuple[tuple[Annotated[str, Field(max_length=100)], FiniteFloat], ...] = Field(default=(), max_length=50)
    not_computed: Annotated[str, Field(max_length=500)] = ""


class Explanations(BaseModel):
    """What `explanations.json` of a cell holds: single words, no text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: Literal[1] = 1
    mistakes: tuple[ExplainedMistake, ...] = Field(default=(), max_length=50)


def most_confident_mistakes(
    rows: npt.NDArray[np.int64], labels: npt.NDArray[np.int64], probabilities: npt.NDArray[np.float64]
) -> list[int]:
    """Which of N predictions are wrong and surest, at most `MISTAKES`: surest first; of equals, the lower row.

    Args:
        rows, labels: (N,) of the texts.
        probabilities: (N, C).
    """
    confidence = probabilities.max(axis=1)
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    order = np.lexsort((rows[wrong], -confidence[wrong]))
    chosen: list[int] = wrong[order][:MISTAKES].tolist()
    return chosen
