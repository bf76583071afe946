"""Axes to draw on: the same margins, type and legend for every figure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator

from reports.analysis.estimates import FloatArray
from reports.analysis.results import Configuration, Results
from reports.figures.svg import INK, MARKERS, MUTED, PAPER, SERIES, Drawing, render, shortened
from reports.formats import Interval

WIDTH = 420.0
"""Points, as all lengths here: on a phone 420 shrink to some 350 pixels, and a label of 11 stays readable."""

TOP, RIGHT, BOTTOM, LEFT = 50.0, 14.0, 42.0, 40.0
LEGEND_ROW = 17.0
LINES = ("-", "--", ":", "-.")
Style = dict[str, Any]
BARS: Style = {"elinewidth": 1.4, "capsize": 0}


@dataclass(frozen=True)
class Styles:
    """A colour and a marker for each model; for each loss a line, and a filled or a hollow marker."""

    models: tuple[str, ...]
    losses: tuple[str, ...]

    def of(self, configuration: Configuration) -> Style:
        """Arguments for `Axes.plot` and `Axes.errorbar`."""
        model, loss = self.models.index(configuration.model), self.losses.index(configuration.loss)
        colour = SERIES[model % len(SERIES)]
        return {
            "color": colour,
            "marker": MARKERS[model % len(MARKERS)],
            "markerfacecolor": colour if loss == 0 else PAPER,
            "linestyle": LINES[loss % len(LINES)],
        }

    def including(self, configurations: Iterable[Configuration]) -> "Styles":
        """With configurations that the run itself did not train, such as engines; others look as before."""
        models, losses = dict.fromkeys(self.models), dict.fromkeys(self.losses)
        for one in configurations:
            models[one.model], losses[one.loss] = None, None
        return Styles(tuple(models), tuple(losses))

    def of_loss(self, loss: str) -> Style:
        """For a legend that only tells losses apart."""
        first = self.losses.index(loss) == 0
        return {"color": MUTED, "marker": "o", "markerfacecolor": MUTED if first else PAPER, "linestyle": "none"}


def styles(results: Results) -> Styles:
    """The styles of a run, the same in all its figures."""
    models = dict.fromkeys(configuration.model for configuration in results.configurations)
    losses = dict.fromkeys(configuration.loss for configuration in results.configurations)
    return Styles(tuple(models), tuple(losses))


def panel(
    title: str,
    unit: str,
    *,
    height: float = 210.0,
    width: float = WIDTH,
    left: float = LEFT,
    legend: Sequence[tuple[str, Style]] = (),
) -> Axes:
    """Axes within a figure that is as wide as every other.

    Args:
        title: above the axes; from data or users, so shortened.
        unit: below the title: what the vertical axis measures.
        height: of the axes.
        width: of the figure.
        left: room for the vertical axis's labels.
        legend: names and their styles, below the axes.
    """
    columns = 1 if any(len(name) > 26 for name, _ in legend) else 2
    bottom = BOTTOM + LEGEND_ROW * -(-len(legend) // columns) + (3 if legend else 0)
    total = TOP + height + bottom
    figure = Figure(figsize=(width / 72, total / 72))
    box = (left / width, bottom / total, (width - left - RIGHT) / width, height / total)
    axes: Axes = figure.add_axes(box)
    figure.text(0, 1 - 14 / total, shortened(title, int(width / 8)), weight="bold", size=12.5)
    figure.text(0, 1 - 31 / total, unit, color=MUTED, size=10.5)
    if legend:
        figure.legend(
            handles=[Line2D([], [], **style) for _, style in legend],
            labels=[shortened(name, 55 if columns == 1 else 26) for name, _ in legend],
            loc="lower left",
            bbox_to_anchor=(0, 3 / total),  # room for the descenders of its last line
            ncols=columns,
            borderpad=0,
            borderaxespad=0,
            labelspacing=0.45,
            handlelength=2.4,
            labelcolor=INK,
        )
    return axes


def log_axis(axes: Axes) -> None:
    """A logarithmic horizontal axis with plain numbers, close enough together to read between them."""
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    decades = np.log10(high / low)
    fine = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
    steps = fine if decades < 0.5 else (1, 2, 5) if decades < 2 else (1, 3) if decades < 4 else (1,)
    axes.xaxis.set_major_locator(LogLocator(subs=steps))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.minorticks_off()


def reach_of(value: float, interval: Interval) -> FloatArray:
    """(2, 1) percent from the value down and up to the ends of its interval, as matplotlib wants them."""
    return 100 * np.array([[max(value - interval.low, 0.0)], [max(interval.high - value, 0.0)]])


def draw(axes: Axes, name: str, title: str, description: str) -> Drawing:
    """The figure that the axes are in; for the arguments see `reports.figures.svg.render`."""
    figure = axes.figure
    assert isinstance(figure, Figure)
    return render(figure, name, title, description)
