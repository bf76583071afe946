"""Figures that set models side by side: accuracy, what it costs, where it comes from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from benchmarks.cell import CellResult, Phase
from reports import formats
from reports.canvas import Style, Styles, log_axis, panel
from reports.evidence import Evidence
from reports.learning_curves import LearningCurve
from reports.resampling import Interval, estimate
from reports.results import FloatArray
from reports.statistics import Accuracy
from reports.svg import INK, MUTED, Drawing, render, shortened

ROW = 38.0
BARS: Style = {"elinewidth": 1.4, "capsize": 0}


@dataclass(frozen=True)
class Costed:
    """A point of the trade between accuracy and cost.

    Attributes:
        accuracy: of a configuration.
        cost: the median reading, of seconds or of reviews a second.
        slowest, fastest: the extreme readings, as numbers on the same axis.
    """

    accuracy: Accuracy
    cost: float
    lowest: float
    highest: float


def accuracy_panel(name: str, accuracies: Sequence[Accuracy], styles: Styles) -> Drawing:
    """A row for each model, best first, with a point and its interval for each loss; all of one training size."""
    best = sorted(accuracies, key=lambda a: a.value, reverse=True)
    models = list(dict.fromkeys(a.configuration.model for a in best))
    losses = [loss for loss in styles.losses if any(a.configuration.loss == loss for a in best)]
    names = [shortened(model, 30) for model in models]
    axes = panel(
        _with_reviews("Accuracy", best[0].configuration.train_size),
        "percent of the test reviews, 95 % interval",
        height=ROW * len(models) + 10,
        left=20 + 6.4 * max(map(len, names)),
        legend=[(loss, styles.of_loss(loss)) for loss in losses] if len(losses) > 1 else [],
    )
    for a in best:
        offset = (losses.index(a.configuration.loss) - (len(losses) - 1) / 2) * 0.5 / len(losses)
        style = styles.of(a.configuration) | {"linestyle": "none"}
        row = models.index(a.configuration.model) + offset
        axes.errorbar(100 * a.value, row, xerr=_reach(a.value, a.interval), **BARS, **style)
    axes.set_yticks(range(len(models)), names, color=INK, size=11)
    axes.set_ylim(len(models) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    return render(axes.figure, name, "Accuracy with 95 % intervals", _in_words(best))


def training_cost_panel(name: str, accuracies: Sequence[Accuracy], styles: Styles) -> Drawing | None:
    """Accuracy over the seconds to fit; None where they were not measured."""
    points = [_costed(a, "fit", lambda examples, seconds: seconds) for a in accuracies]
    title = _with_reviews("What training costs", accuracies[0].configuration.train_size)
    return _cost_panel(name, title, "seconds to fit", points, styles, cheap_is_low=True)


def inference_cost_panel(name: str, accuracies: Sequence[Accuracy], styles: Styles) -> Drawing | None:
    """Accuracy over reviews a second, from text to label; None where that was not measured."""
    points = [_costed(a, "text_to_label", lambda examples, seconds: examples / seconds) for a in accuracies]
    title = _with_reviews("What inference costs", accuracies[0].configuration.train_size)
    return _cost_panel(name, title, "reviews labelled a second", points, styles, cheap_is_low=False)


def length_panel(name: str, evidence: Sequence[Evidence], limits: tuple[float, float], styles: Styles) -> Drawing:
    """Accuracy in each length bucket, a line for each loss; one model and training size.

    Args:
        name: of the file.
        evidence: one for each loss.
        limits: percent; the same for all panels, so that they compare.
        styles: of the run.
    """
    configuration = evidence[0].configuration
    axes = panel(
        _with_reviews(configuration.model, configuration.train_size),
        "accuracy in percent, by words of the review",
        legend=[(e.configuration.loss, styles.of(e.configuration)) for e in evidence],
    )
    words = []
    for place, one in enumerate(evidence):
        buckets = [estimate(bucket) for bucket in one.buckets]
        across = np.arange(len(buckets)) + 0.12 * (place - (len(evidence) - 1) / 2)
        reach = np.hstack([_reach(b.value, _within_shares(b.interval)) for b in buckets])
        axes.errorbar(across, [100 * b.value for b in buckets], yerr=reach, **BARS, **styles.of(one.configuration))
        found = ", ".join(formats.percent_interval(b.value, _within_shares(b.interval)) for b in buckets)
        words.append(f"{one.configuration.loss}: {found}")
    axes.set_xticks(range(len(evidence[0].buckets)), _bucket_ranges(configuration.cells[0].length_edges))
    axes.set_xlim(-0.4, len(evidence[0].buckets) - 0.6)
    axes.set_ylim(*limits)
    axes.grid(visible=False, axis="x")
    return render(axes.figure, name, f"Accuracy of {configuration.model} by length, in percent", "; ".join(words))


def bucket_limits(evidence: Sequence[Evidence]) -> tuple[float, float]:
    """The range in percent that holds every bucket's interval."""
    ends = [100 * end for one in evidence for b in one.buckets for end in _within_shares(estimate(b).interval)]
    return max(float(np.nanmin(ends)) - 1, 0.0), min(float(np.nanmax(ends)) + 1, 100.5)


def learning_panel(name: str, curves: Sequence[LearningCurve], styles: Styles) -> Drawing:
    """Accuracy over training rows, a line for each model; one loss."""
    axes = panel(
        curves[0].loss,
        "accuracy in percent, 95 % interval",
        legend=[(curve.model, styles.of(curve.points[0].configuration)) for curve in curves],
    )
    for curve in curves:
        reach = np.hstack([_reach(point.value, point.interval) for point in curve.points])
        style = styles.of(curve.points[0].configuration)
        axes.errorbar(curve.sizes, [100 * point.value for point in curve.points], yerr=reach, **BARS, **style)
    log_axis(axes)
    axes.set_xlabel("training reviews")
    words = (
        f"{curve.model}: "
        + ", ".join(f"{formats.percent(p.value)} with {p.configuration.train_size:,}" for p in curve.points)
        for curve in curves
    )
    return render(axes.figure, name, f"Learning curves with {curves[0].loss}", "; ".join(words))


def front(costs: Sequence[float], gains: Sequence[float], *, cheap_is_low: bool) -> list[int]:
    """Indices of the points that no other beats in both accuracy and cost, cheapest first."""
    order = sorted(range(len(costs)), key=lambda i: (costs[i] if cheap_is_low else -costs[i], -gains[i]))
    kept: list[int] = []
    for index in order:
        if not kept or gains[index] > gains[kept[-1]]:
            kept.append(index)
    return kept
