"""Figures of searches for settings: the accuracy on validation to expect of a budget."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from reports import formats
from reports.analysis.tuning import LEAST_TRIALS, Expected, Search, expected_best, expected_in_time
from reports.figures.canvas import Style, draw, log_axis, panel
from reports.figures.svg import SERIES, Drawing


def tuning_panels(name: str, searches: Sequence[Search]) -> list[Drawing]:
    """Draw the accuracy to expect after each number of trials, and after some seconds of training.

    Searches of fewer than `LEAST_TRIALS` drawn settings are left out; no figure without any.

    Args:
        name: of the files, numbered.
        searches: of one training size, drawn at random.
    """
    enough = [search for search in searches if len(search.drawn) >= LEAST_TRIALS]
    if not enough:
        return []
    by_trials = {_label(search): expected_best(search.accuracies) for search in enough}
    by_seconds = {_label(search): expected_in_time(search.accuracies, search.seconds) for search in enough}
    return [
        _panel(f"{name}-trials", "Expected validation accuracy by trials", "trials", by_trials),
        _panel(f"{name}-seconds", "Expected validation accuracy by training time", "seconds of training", by_seconds),
    ]


def _label(search: Search) -> str:
    return f"{search.model} × {search.loss}"


def _panel(name: str, title: str, unit: str, curves: dict[str, Expected]) -> Drawing:
    styles: list[Style] = [{"color": SERIES[number % len(SERIES)]} for number in range(len(curves))]
    unit_of_values = "best accuracy on validation, percent; band: 5 % to 95 % of random orders"
    axes = panel(title, unit_of_values, legend=list(zip(curves, styles, strict=True)))
    for curve, style in zip(curves.values(), styles, strict=True):
        _draw_curve(axes, curve, style)
    if unit != "trials":
        log_axis(axes)
    axes.set_xlabel(unit)
    words = "; ".join(
        f"{label}: {formats.percent(curve.mean[0])} after {curve.budgets[0]:,.3g} {unit}, "
        f"{formats.percent(curve.mean[-1])} after {curve.budgets[-1]:,.3g}"
        for label, curve in curves.items()
    )
    return draw(axes, name, title, words)


def _draw_curve(axes: Axes, curve: Expected, style: Style) -> None:
    axes.fill_between(curve.budgets, 100 * curve.low, 100 * curve.high, alpha=0.15, linewidth=0, **style)
    axes.plot(curve.budgets, 100 * curve.mean, **style)
