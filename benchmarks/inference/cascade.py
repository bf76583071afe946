"""A cascade of trained models: each passes the texts that it is least sure of on to the next, costlier one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.schema.cascade import Answer
from benchmarks.schema.cascade import Cascade as Rule
from benchmarks.schema.confidence import tempered
from data.arrays import FloatArray, IntArray
from data.dataset import Split
from losses.loss import Loss
from models.model import Encoded, FitReport, Model, Monitor, Runtime

BoolArray = npt.NDArray[np.bool_]
HERE = Runtime()


@dataclass(frozen=True)
class Stage:
    """A trained model of a cascade.

    Attributes:
        model: the model.
        temperature: of its calibration.
    """

    model: Model
    temperature: float

    def probabilities(self, encoded: Encoded) -> FloatArray:
        """Return calibrated probabilities (N, C)."""
        return tempered(self.model.score(encoded), self.temperature)


@dataclass(frozen=True)
class Texts:
    """Features of `Cascade.encode`.

    Attributes:
        texts: for the stages that may have to read them.
        first: as the first stage reads them.
    """

    texts: tuple[str, ...]
    first: Encoded


@dataclass(frozen=True)
class Traced:
    """Scores of a cascade.

    Attributes:
        probabilities: (N, C).
        read: number of texts that each stage read.
    """

    probabilities: FloatArray
    read: tuple[int, ...]


class Cascade(Model):
    """Trained models that answer one after another (Viola & Jones 2001; "model cascades").

    The first stage scores every text. Where the highest calibrated probability of the answer is at most the stage's
    threshold, the next stage scores the text, too. The probabilities are calibrated, stage by stage.
    """

    name = "cascade"

    def __init__(self, stages: Sequence[Stage], rule: Rule) -> None:
        """Join trained models.

        Args:
            stages: at least two, in order.
            rule: with a threshold for each stage but the last.

        Raises:
            ValueError: stages and thresholds do not match.
        """
        if len(stages) != len(rule.thresholds) + 1:
            raise ValueError(f"{len(stages)} stages need {len(stages) - 1} thresholds, not {len(rule.thresholds)}")
        self.stages, self.rule = tuple(stages), rule

    def encode(self, texts: Sequence[str]) -> Encoded:
        """Encode the texts for the first stage, and keep them for the others; tokens are those of the first stage."""
        first = self.stages[0].model.encode(texts)
        return Encoded(Texts(tuple(texts), first), first.tokens, first.available, first.known)

    def score(self, encoded: Encoded) -> FloatArray:
        """Return the probabilities (N, C)."""
        return self.trace(encoded).probabilities

    def trace(self, encoded: Encoded) -> Traced:
        """Score texts, and count those that each stage read."""
        features: Texts = encoded.features
        rows: IntArray = np.arange(len(encoded))
        own = self.stages[0].probabilities(features.first)
        seen, found, read = [own], own.copy(), [len(rows)]
        for stage, threshold in zip(self.stages[1:], self.rule.thresholds, strict=True):
            unsure = passed_on(found[rows], threshold)
            rows, seen = rows[unsure], [each[unsure] for each in seen]
            read.append(len(rows))
            if not len(rows):
                continue
            texts = [features.texts[row] for row in rows]
            seen.append(stage.probabilities(stage.model.encode(texts)))
            found[rows] = answered(seen, self.rule.answer)
        return Traced(found, tuple(read))

    def fit(
        self, train: Split, valid: Split, loss: Loss, runtime: Runtime = HERE, monitor: Monitor | None = None
    ) -> FitReport:
        """Refuse: the stages are trained models."""
        raise TypeError("a cascade is made of trained models; train these")

    def save(self, folder: Path) -> None:
        """Refuse: each stage has files of its own; see `benchmarks.cells.cascades`."""
        raise TypeError("a cascade is saved stage by stage")

    @classmethod
    def load(cls, folder: Path, runtime: Runtime = HERE) -> "Cascade":
        """Refuse: each stage has files of its own; see `benchmarks.inference.saved`."""
        raise TypeError("a cascade is loaded stage by stage")


def passed_on(probabilities: FloatArray, threshold: float) -> BoolArray:
    """Return (N,) whether each of the answers (N, C) is so unsure that the next stage is asked."""
    unsure: BoolArray = probabilities.max(axis=1) <= threshold
    return unsure


def answered(seen: Sequence[FloatArray], answer: Answer) -> FloatArray:
    """Return the answer (N, C) to texts, given the probabilities (N, C) of each stage that read them, in order."""
    if answer == "last":
        return seen[-1]
    mean: FloatArray = np.mean(seen, axis=0)
    return mean
