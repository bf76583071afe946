"""Models ranked and tested by another metric than accuracy: a paired bootstrap over test rows and trainings."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from statsmodels.stats.multitest import multipletests

from reports.analysis.estimates import ALPHA, RNG_SEED, BoolArray, Clusters, FloatArray, IntArray, Interval
from reports.analysis.evidence import Evidence
from reports.analysis.metric_figures import metric_figure
from reports.analysis.predictions import Predictions
from reports.analysis.results import Results

DRAWS = 2_000
CHUNK = 2**24
"""Entries of row weights that are drawn at a time, so that memory stays small whatever the number of rows."""

COUNTED = frozenset({"macro_f1", "balanced_accuracy"})
"""Metrics of counts of labels and predicted classes, which are recounted in each draw. The others are means, or move by
the influence of the rows."""


@dataclass(frozen=True)
class Ranked:
    """A configuration by the metric.

    Attributes:
        evidence: of it.
        value: higher is better.
        interval: 95 %, by itself.
        behind: 95 % interval of its difference to the best, this one less the best; zero for the best.
        p_adjusted: of no difference to the best, by Holm's method; NaN for the best.
    """

    evidence: Evidence
    value: float
    interval: Interval
    behind: Interval
    p_adjusted: float


def ranked(metric: str, evidence: Sequence[Evidence], results: Results) -> tuple[Ranked, ...]:
    """Rank configurations, the best first.

    Test rows, or whole clusters of them, are drawn with replacement, the same for all configurations, and so are the
    trainings of each (Efron & Tibshirani 1993, chapters 8 and 13).

    Args:
        metric: a key of `METRICS`.
        evidence: of configurations on the same test rows.
        results: that they come from.
    """
    figures = [metric_figure(metric, one, results) for one in evidence]
    values = [float(figure.values.mean()) for figure in figures]
    rows = evidence[0].rows
    generator = np.random.default_rng(RNG_SEED)
    parts = []
    step = max(1, CHUNK // len(rows.labels))
    for start in range(0, DRAWS, step):
        weights = _weights(len(rows.labels), rows.clusters, min(step, DRAWS - start), generator)
        own = []
        for one, figure in zip(evidence, figures, strict=True):
            if metric in COUNTED:
                predictions = [results.predictions(cell) for cell in one.configuration.cells]
                drawn = np.stack([_recounted(metric, p, rows.kept, weights) for p in predictions], axis=1)
            else:
                share = weights / weights.mean(axis=1, keepdims=True) - 1
                drawn = figure.values + share @ figure.influence.T
            chosen = generator.integers(drawn.shape[1], size=drawn.shape)
            own.append(np.take_along_axis(drawn, chosen, axis=1).mean(axis=1))
        parts.append(np.stack(own, axis=1))
    return _against_the_best(evidence, values, np.concatenate(parts))


def _against_the_best(evidence: Sequence[Evidence], values: Sequence[float], draws: FloatArray) -> tuple[Ranked, ...]:
    order = sorted(range(len(values)), key=lambda index: -values[index])
    best, others = order[0], order[1:]
    differences = draws - draws[:, [best]]
    p_values = [_p_value(differences[:, index]) for index in others]
    adjusted = multipletests(p_values, method="holm")[1] if others else []
    p_of = dict(zip(others, map(float, adjusted), strict=True))
    return tuple(
        Ranked(
            evidence[index],
            values[index],
            _interval(draws[:, index]),
            _interval(differences[:, index]) if index != best else Interval(0.0, 0.0),
            p_of.get(index, np.nan),
        )
        for index in order
    )


def _weights(rows: int, clusters: Clusters | None, draws: int, generator: np.random.Generator) -> FloatArray:
    """(B, N) how often each row, or its cluster, is drawn."""
    units = rows if clusters is None else clusters.count
    counts = generator.multinomial(units, np.full(units, 1 / units), size=draws).astype(np.float64)
    weights: FloatArray = counts if clusters is None else counts[:, clusters.codes]
    return weights


def _recounted(metric: str, predictions: Predictions, kept: BoolArray, weights: FloatArray) -> FloatArray:
    """(B,) the metric of the rows as they are drawn."""
    labels, predicted = predictions.labels[kept], predictions.predicted[kept]
    classes = predictions.probabilities.shape[1]
    right = _counts(np.where(labels == predicted, labels, classes), classes + 1, weights)[:, :classes]
    true, said = _counts(labels, classes, weights), _counts(predicted, classes, weights)
    sizes = true if metric == "balanced_accuracy" else (true + said) / 2
    shares = np.where(sizes > 0, right / np.where(sizes > 0, sizes, 1.0), 0.0)
    means: FloatArray = shares.sum(axis=1) / (sizes > 0).sum(axis=1)
    return means


def _counts(codes: IntArray, size: int, weights: FloatArray) -> FloatArray:
    """(B, size) weight of the rows of each code."""
    ones = csr_array((np.ones(len(codes)), (codes, np.arange(len(codes)))), shape=(size, len(codes)))
    counts: FloatArray = (ones @ weights.T).T
    return counts


def _interval(draws: FloatArray) -> Interval:
    low, high = np.quantile(draws, [ALPHA / 2, 1 - ALPHA / 2])
    return Interval(float(low), float(high))


def _p_value(differences: FloatArray) -> float:
    """Two-sided: twice the share of draws on the rarer side of zero, itself counted (Davison & Hinkley 1997, 4.2)."""
    rarer = min((differences >= 0).sum(), (differences <= 0).sum())
    return float(min(2 * (rarer + 1) / (len(differences) + 1), 1.0))
