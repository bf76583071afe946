"""The figures of the report: many small ones rather than a few large ones, so that a phone can show them."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

from benchmarks.cell import CellResult, Phase
from reports import formats, svg
from reports.analysis import Analysis, analyse
from reports.calibration import reliability_curve
from reports.evidence import Evidence
from reports.headline import leading_loss
from reports.resampling import Estimate, estimate
from reports.results import Configuration, IntArray, Predictions, Results, read_results
from reports.statistics import Accuracy
from reports.svg import GRID, INK, MARKERS, MUTED, PAPER, SERIES
from reports.throughput import throughput

WIDTH = 420.0  # points, as all lengths here: 350 pixels on a phone leave a label of 11 points readable
LEGEND_ROW = 17.0
LINES = ("-", "--", ":", "-.")
NUMBERED_CLASSES = 8
"""Classes up to which a confusion matrix has its counts written in."""

Draw = Callable[[Axes], object]


@dataclass(frozen=True)
class Drawing:
    """One figure.

    Attributes:
        name: its file name, without ".svg".
        title, description: in words, for those who do not see it.
        svg: an SVG element.
    """

    name: str
    title: str
    description: str
    svg: str


@dataclass(frozen=True)
class Gallery:
    """The figures of one run, by what they show; a kind that has nothing to show is empty."""

    accuracy: tuple[Drawing, ...]
    training_cost: tuple[Drawing, ...]
    inference_cost: tuple[Drawing, ...]
    lengths: tuple[Drawing, ...]
    learning_curves: tuple[Drawing, ...]
    confusion: tuple[Drawing, ...]
    reliability: tuple[Drawing, ...]
    training: tuple[Drawing, ...]

    def __iter__(self) -> Iterable[Drawing]:
        """All of them, kind by kind."""
        return (drawing for kind in vars(self).values() for drawing in kind)


def write_figures(folder: Path) -> list[Path]:
    """Write `figures/*.svg` into a results folder, in place of those of an earlier report.

    Raises:
        StoreError: `folder` holds no results.
    """
    drawings = list(draw(analyse(read_results(folder))))
    target = folder / "figures"
    target.mkdir(exist_ok=True)
    for old in target.glob("*.svg"):
        old.unlink()
    paths = [target / f"{drawing.name}.svg" for drawing in drawings]
    for path, drawing in zip(paths, drawings, strict=True):
        path.write_text(svg.standalone(drawing.svg), encoding="utf-8", newline="\n")
    return paths
