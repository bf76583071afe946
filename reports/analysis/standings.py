"""Contenders side by side: rank, wins, gap closed and improvability, on one dataset or over several."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from reports.analysis.estimates import ALPHA, RNG_SEED, FloatArray, IntArray, Interval
from reports.analysis.rank_tests import ranks


@dataclass(frozen=True)
class Bounded:
    """A figure with its 95 % bootstrap interval."""

    value: float
    interval: Interval


@dataclass(frozen=True)
class Standing:
    """A contender among others.

    Attributes:
        rank: 1 the best; over several datasets, its mean.
        win_rate: share of the other contenders that it is ahead of, a tie counts half; NaN where there is no other.
        gap_closed: share of the way from the majority class to the best contender of a dataset.
        improvability: share of its errors (of its log loss, its cost) that the best contender of a dataset saves.
    """

    rank: Bounded
    win_rate: Bounded
    gap_closed: Bounded
    improvability: Bounded


@dataclass(frozen=True)
class Field:
    """K contenders on one dataset.

    Attributes:
        values: (1, K) the metric; higher is better, so that log loss and cost are negative.
        drawn: (B, K) bootstrap draws of it.
        best, drawn_best: (1, 1) and (B, 1) of all contenders of the dataset, more than these K where some have no
            result on another one.
        floor: of the majority class; NaN where the metric has none.
    """

    values: FloatArray
    drawn: FloatArray
    best: FloatArray
    drawn_best: FloatArray
    floor: float

    @staticmethod
    def of(values: FloatArray, drawn: FloatArray, floor: float) -> "Field":
        """All contenders of a dataset: (K,) values and (B, K) draws."""
        return Field(values[None], drawn, values.max(keepdims=True)[None], drawn.max(axis=1, keepdims=True), floor)

    def keeping(self, columns: Sequence[int]) -> "Field":
        """Some of the contenders, in this order."""
        own = list(columns)
        return Field(self.values[:, own], self.drawn[:, own], self.best, self.drawn_best, self.floor)


Measure = Callable[[FloatArray, FloatArray, float], FloatArray]
"""(B, K) values, (B, 1) those of the best, and the floor -> (B, K) of a figure."""


def standings(fields: Sequence[Field], unit: str) -> list[Standing]:
    """Each contender's figures: means over datasets, with intervals over datasets, and over rows and trainings within.

    The values of a dataset are noisy, and draws add noise anew, so that the figures of draws, which have limits, lie
    nearer to the middle than those of the values: a contender that is narrowly ahead on every dataset is ahead on all
    of them in almost no draw. Over several datasets the draws of each are therefore moved to have its own figures as
    their mean.

    Args:
        fields: one for each dataset, of the same contenders.
        unit: of the metric; "pp" for shares, whose errors are what is missing to 1.
    """
    generator = np.random.default_rng(RNG_SEED)
    sampled = generator.integers(len(fields), size=(len(fields), len(fields[0].drawn)))
    contenders = fields[0].values.shape[1]
    measures: tuple[tuple[Measure, tuple[float, float]], ...] = (
        (lambda values, best, floor: ranks(values), (1.0, contenders)),
        (lambda values, best, floor: win_rate(values), (0.0, 1.0)),
        (closed, (0.0, 1.0)),
        (lambda values, best, floor: improvability(values, best, unit), (0.0, 1.0)),
    )
    columns = [_bounded(fields, measure, limits, sampled) for measure, limits in measures]
    return [Standing(*row) for row in zip(*columns, strict=True)]


def _bounded(
    fields: Sequence[Field], measure: Measure, limits: tuple[float, float], sampled: IntArray
) -> list[Bounded]:
    """The mean over datasets of a figure, with its interval, for each contender.

    Args:
        fields: N datasets of K contenders.
        measure: the figure.
        limits: the lowest and the highest that it can be.
        sampled: (N, B) datasets of each draw.
    """
    seen = np.stack([measure(own.values, own.best, own.floor) for own in fields])
    drawn = np.stack([measure(own.drawn, own.drawn_best, own.floor) for own in fields])
    if len(fields) > 1:
        centred = drawn - drawn.mean(axis=1, keepdims=True) + seen
        drawn = np.take_along_axis(centred, sampled[..., None], axis=0)
    ends = np.quantile(drawn.mean(axis=0), [ALPHA / 2, 1 - ALPHA / 2], axis=0).clip(*limits)
    means = seen.mean(axis=0)[0]
    return [Bounded(float(m), Interval(float(low), float(high))) for m, low, high in zip(means, *ends, strict=True)]


def win_rate(values: FloatArray) -> FloatArray:
    """(B, K) share of the other contenders that each is ahead of; NaN where there is no other."""
    others = values.shape[-1] - 1
    if others == 0:
        return np.full(values.shape, np.nan)
    ahead: FloatArray = (values.shape[-1] - ranks(values)) / others
    return ahead


def closed(values: FloatArray, best: FloatArray, floor: float) -> FloatArray:
    """(B, K) share of the way from the majority class to the best; 0 where nothing is above the majority class."""
    way = best - floor
    found: FloatArray = np.where(way > 0, np.clip((values - floor) / np.where(way > 0, way, 1.0), 0.0, 1.0), 0.0)
    return found


def improvability(values: FloatArray, best: FloatArray, unit: str) -> FloatArray:
    """(B, K) share of its errors that each contender would save by being the best.

    Args:
        values: (B, K).
        best: (B, 1) of the dataset.
        unit: of the metric; "pp" for shares, whose errors are what is missing to 1.
    """
    perfect = 1.0 if unit == "pp" else 0.0
    errors = perfect - values
    saved: FloatArray = np.where(errors > 0, (best - values) / np.where(errors > 0, errors, 1.0), 0.0).clip(0.0, 1.0)
    return saved
