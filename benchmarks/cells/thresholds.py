"""The choice of a cascade's thresholds on validation; no test row is read here."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.inference.cascade import answered, passed_on
from benchmarks.schema.cascade import ANSWERS, Aim, Answer, Cascade
from data.arrays import FloatArray, IntArray

BoolArray = npt.NDArray[np.bool_]

PARTS = 20
"""Parts into which the candidates of a threshold divide the validation texts. In simulations with 1,000 texts a hundred
parts fitted these texts more closely, and new texts worse."""


@dataclass(frozen=True)
class StageOnValidation:
    """A stage and the N validation texts.

    Attributes:
        probabilities: (N, C), calibrated.
        seconds: to label one text, from text to label.
    """

    probabilities: FloatArray
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """A cascade on the N validation texts.

    Attributes:
        cascade: thresholds and answer.
        right: (N,) whether each text is labelled right.
        read: number of texts that each stage reads.
        seconds: to label all texts, as the stages' own speed has it.
    """

    cascade: Cascade
    right: BoolArray
    read: tuple[int, ...]
    seconds: float

    @property
    def score(self) -> int:
        """Number of texts labelled right."""
        return int(self.right.sum())


def choose(
    stages: Sequence[StageOnValidation], labels: IntArray, aim: Aim, groups: Sequence[str] | None = None
) -> Outcome:
    """Choose thresholds and answer.

    "accuracy" takes the most texts right, then the least time. "cost" takes the least time among the cascades that are
    ahead of the last stage alone by at least one standard error of the difference, then the most texts right. Without
    that margin (Breiman et al. 1984, the one-standard-error rule) the cheapest of many cascades would owe its place to
    chance: in simulations it was 0.1 to 0.3 points less accurate than the last stage on new texts.

    Args:
        stages: the cheapest first.
        labels: (N,) of the validation texts.
        aim: see above.
        groups: N names of clusters of texts; None: every text is its own.
    """
    found = outcomes(stages, labels)
    if aim == "accuracy":
        return min(found, key=lambda one: (-one.score, one.seconds))
    alone = right_alone(stages[-1], labels)
    codes = np.arange(len(labels)) if groups is None else np.unique(list(map(str, groups)), return_inverse=True)[1]
    good = (one for one in found if is_ahead(one.right, alone, codes))
    return min(good, key=lambda one: (one.seconds, -one.score))


def is_ahead(right: BoolArray, other: BoolArray, codes: IntArray) -> bool:
    """Whether one labels more texts right than another, by at least one standard error; also where both label the same.

    Args:
        right: (N,) of the one.
        other: (N,) of the other.
        codes: (N,) the cluster of each text.
    """
    difference = right.astype(np.float64) - other
    lead, clustered = difference.sum(), np.bincount(codes, weights=difference)
    return bool(lead >= 0 and lead**2 >= max((clustered**2).sum(), (difference**2).sum()))


def outcomes(stages: Sequence[StageOnValidation], labels: IntArray) -> Iterator[Outcome]:
    """Yield every cascade of the stages that is considered, those that answer by the last stage first."""
    for answer in ANSWERS:
        so_far = [_answer(stages, end, answer) for end in range(1, len(stages) + 1)]
        grids = [candidates(probabilities.max(axis=1)) for probabilities in so_far[:-1]]
        labelled = [probabilities.argmax(axis=1) == labels for probabilities in so_far]
        for thresholds in itertools.product(*grids):
            passed, right, read = np.ones(len(labels), dtype=np.bool_), labelled[0], [len(labels)]
            for probabilities, threshold, after in zip(so_far, thresholds, labelled[1:], strict=False):
                passed = passed & passed_on(probabilities, threshold)
                right = np.where(passed, after, right)
                read.append(int(passed.sum()))
            seconds = sum(count * stage.seconds for count, stage in zip(read, stages, strict=True))
            yield Outcome(Cascade(thresholds=thresholds, answer=answer), right, tuple(read), seconds)


def candidates(confidence: FloatArray) -> list[float]:
    """Return thresholds that pass on no row, about each twentieth of the rows, and all rows; rising.

    Args:
        confidence: (N,) highest probability of each row.
    """
    rising = np.sort(confidence)
    ends = np.flatnonzero(rising[1:] > rising[:-1])  # rows 0 to `end` can be passed on without the next one
    if not len(ends):
        return [0.0, 1.0]
    wanted = len(rising) * np.arange(1, PARTS) / PARTS
    nearest = ends[np.unique(np.abs(ends[None, :] + 1 - wanted[:, None]).argmin(axis=1))]
    between = (rising[nearest] + rising[nearest + 1]) / 2
    return [0.0, *between.tolist(), 1.0]


def right_alone(stage: StageOnValidation, labels: IntArray) -> BoolArray:
    """Return (N,) whether a stage by itself labels each text right."""
    right: BoolArray = stage.probabilities.argmax(axis=1) == labels
    return right


def _answer(stages: Sequence[StageOnValidation], end: int, answer: Answer) -> FloatArray:
    """The answer (N, C) to all texts, had the first `end` stages read them."""
    return answered([stage.probabilities for stage in stages[:end]], answer)
