"""The choice of a cascade's thresholds on validation; no test row is read here."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.inference.cascade import answered, passed_on
from benchmarks.schema.cascade import ANSWERS, Aim, Answer, Cascade
from data.arrays import FloatArray, IntArray
from models.selection import ACCURACY, Criterion

BoolArray = npt.NDArray[np.bool_]

PARTS = 20
"""Parts into which the candidates of a threshold divide the validation texts. In simulations with 1,000 texts a hundred
parts fitted these texts more closely, and new texts worse."""

BLOCKS = 20
"""Blocks of validation texts of the jackknife."""


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
        value: the metric; higher is better.
        read: number of texts that each stage reads.
        seconds: to label all texts, as the stages' own speed has it.
    """

    cascade: Cascade
    value: float
    read: tuple[int, ...]
    seconds: float


def choose(
    stages: Sequence[StageOnValidation],
    labels: IntArray,
    aim: Aim,
    groups: Sequence[str] | None = None,
    criterion: Criterion = ACCURACY,
) -> Outcome:
    """Choose thresholds and answer.

    "accuracy" takes the best metric, then the least time. "cost" takes the least time among the cascades that are ahead
    of the last stage alone by at least one standard error of the difference, then the best metric. Without that margin
    (Breiman et al. 1984, the one-standard-error rule) the cheapest of many cascades would owe its place to chance: in
    simulations it was 0.1 to 0.3 points less accurate than the last stage on new texts.

    Args:
        stages: the cheapest first.
        labels: (N,) of the validation texts.
        aim: see above.
        groups: N names of clusters of texts; None: every text is its own.
        criterion: the metric.
    """
    found = outcomes(stages, labels, criterion)
    if aim == "accuracy":
        return min(found, key=lambda one: (-one.value, one.seconds))
    alone, codes = stages[-1].probabilities, clusters(len(labels), groups)
    cheapest_first = sorted(found, key=lambda one: (one.seconds, -one.value))
    # The last stage alone is among them, and as good as itself.
    return next(one for one in cheapest_first if is_ahead(replay(stages, one.cascade), alone, labels, codes, criterion))


def is_ahead(
    one: FloatArray, other: FloatArray, labels: IntArray, codes: IntArray, criterion: Criterion = ACCURACY
) -> bool:
    """Whether one has a better metric than another by at least one standard error, or both the same probabilities.

    The standard error of a difference in accuracy is that over clusters, and not below that over texts. Of other
    metrics it is the jackknife's over blocks of whole clusters (Shao & Wu 1989, Annals of Statistics 17).

    Args:
        one: (N, C) probabilities.
        other: (N, C) probabilities.
        labels: (N,).
        codes: (N,) the cluster of each text, 0 to G - 1.
        criterion: the metric.
    """
    if np.array_equal(one, other):
        return True
    if criterion.metric != "accuracy":
        lead, variance = _jackknife(one, other, labels, codes, criterion)
        return lead >= 0 and lead**2 >= variance
    difference = (one.argmax(axis=1) == labels).astype(np.float64) - (other.argmax(axis=1) == labels)
    total, clustered = difference.sum(), np.bincount(codes, weights=difference)
    return bool(total >= 0 and total**2 >= max((clustered**2).sum(), (difference**2).sum()))


def clusters(texts: int, groups: Sequence[str] | None) -> IntArray:
    """Return (N,) the cluster of each text, 0 to G - 1; without groups every text is its own."""
    if groups is None:
        return np.arange(texts)
    found: IntArray = np.unique(list(map(str, groups)), return_inverse=True)[1]
    return found


def _jackknife(
    one: FloatArray, other: FloatArray, labels: IntArray, codes: IntArray, criterion: Criterion
) -> tuple[float, float]:
    """The difference of the metric, and its variance by leaving out one block of clusters after the other."""
    _, sizes = np.unique(codes, return_counts=True)
    blocks = np.empty(len(sizes), dtype=np.int64)
    blocks[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes)) % BLOCKS  # of about one size
    own = blocks[codes]
    count = int(own.max()) + 1

    def lead(kept: BoolArray) -> float:
        return _value(criterion, labels[kept], one[kept]) - _value(criterion, labels[kept], other[kept])

    found = np.array([lead(own != block) for block in range(count)]) if count > 1 else np.array([np.inf, -np.inf])
    variance = np.inf if count < 2 else (count - 1) / count * float(((found - found.mean()) ** 2).sum())
    return lead(np.ones(len(labels), dtype=np.bool_)), variance


def outcomes(
    stages: Sequence[StageOnValidation], labels: IntArray, criterion: Criterion = ACCURACY
) -> Iterator[Outcome]:
    """Yield every cascade of the stages that is considered, those that answer by the last stage first."""
    for answer in ANSWERS:
        so_far = [_answer(stages, end, answer) for end in range(1, len(stages) + 1)]
        grids = [candidates(probabilities.max(axis=1)) for probabilities in so_far[:-1]]
        for thresholds in itertools.product(*grids):
            passed, found, read = np.ones(len(labels), dtype=np.bool_), so_far[0], [len(labels)]
            for probabilities, threshold, after in zip(so_far, thresholds, so_far[1:], strict=False):
                passed = passed & passed_on(probabilities, threshold)
                found = np.where(passed[:, None], after, found)
                read.append(int(passed.sum()))
            seconds = sum(count * stage.seconds for count, stage in zip(read, stages, strict=True))
            cascade = Cascade(thresholds=thresholds, answer=answer)
            yield Outcome(cascade, _value(criterion, labels, found), tuple(read), seconds)


def replay(stages: Sequence[StageOnValidation], cascade: Cascade) -> FloatArray:
    """Return the cascade's probabilities (N, C) of the validation texts, from those of its stages."""
    seen = [stages[0].probabilities]
    found = seen[0].copy()
    rows: IntArray = np.arange(len(found))
    for stage, threshold in zip(stages[1:], cascade.thresholds, strict=True):
        unsure = passed_on(found[rows], threshold)
        rows, seen = rows[unsure], [each[unsure] for each in seen]
        seen.append(stage.probabilities[rows])
        found[rows] = answered(seen, cascade.answer)
    return found


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


def value_alone(stage: StageOnValidation, labels: IntArray, criterion: Criterion = ACCURACY) -> float:
    """Return the metric of a stage by itself."""
    return _value(criterion, labels, stage.probabilities)


def _value(criterion: Criterion, labels: IntArray, probabilities: FloatArray) -> float:
    """The metric; an accuracy without the checks of its library, which take longer than all the rest."""
    if criterion.metric == "accuracy":
        return float((probabilities.argmax(axis=1) == labels).mean())
    return criterion.value(labels, probabilities)


def _answer(stages: Sequence[StageOnValidation], end: int, answer: Answer) -> FloatArray:
    """The answer (N, C) to all texts, had the first `end` stages read them."""
    return answered([stage.probabilities for stage in stages[:end]], answer)
