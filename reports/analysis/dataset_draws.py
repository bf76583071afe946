"""Bootstrap draws of the figures of one dataset, for a bootstrap over datasets with rows and seeds within."""

from collections.abc import Sequence

import numpy as np

from reports.analysis.estimates import Figure, FloatArray

DRAWS = 2_000
CHUNK = 2**24
"""Entries of row weights that are drawn at a time, so that memory stays small whatever the number of rows."""


def drawn_values(figures: Sequence[Figure], generator: np.random.Generator, draws: int = DRAWS) -> FloatArray:
    """(B, K) bootstrap draws of the contenders' figures on one dataset.

    Test rows (or clusters) have Poisson weights, the same for all contenders, so that they stay paired; the trainings
    of each are drawn with replacement. A figure moves by the influence of the rows, which is exact for means and of
    first order for other metrics.
    """
    rows = figures[0].units.shape[1]
    step = max(1, CHUNK // rows)
    parts = []
    for start in range(0, draws, step):
        size = min(step, draws - start)
        weights: FloatArray = generator.poisson(1.0, (size, rows)).astype(np.float64) - 1.0
        parts.append(np.stack([_drawn(figure, weights, generator) for figure in figures], axis=1))
    return np.concatenate(parts)


def _drawn(figure: Figure, weights: FloatArray, generator: np.random.Generator) -> FloatArray:
    values = figure.values + weights @ figure.units.T
    trainings = generator.integers(figure.trainings, size=values.shape)
    drawn: FloatArray = np.take_along_axis(values, trainings, axis=1).mean(axis=1)
    return drawn
