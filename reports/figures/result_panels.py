"""Figures that set models side by side: accuracy, what it costs, where it comes from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.schema.measurements import Phase
from reports import formats
from reports.analysis.accuracy import Accuracy, accuracy_within
from reports.analysis.estimates import FloatArray
from reports.analysis.evidence import Evidence
from reports.analysis.front import front
from reports.analysis.learning_curves import LearningCurve
from reports.figures.canvas import BARS, Styles, draw, log_axis, panel, reach_of
from reports.figures.svg import INK, MUTED, Drawing, shortened
from reports.formats import Interval

ROW = 38.0


@dataclass(frozen=True)
class Costed:
    """A point of the trade between accuracy and cost.

    Attributes:
        accuracy: of a configuration.
        cost: the median reading, of seconds or of texts a second.
        lowest, highest: the extreme readings.
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
        _with_texts("Accuracy", best[0].configuration.train_size),
        "percent of the test texts, 95 % interval",
        height=ROW * len(models) + 10,
        left=20 + 6.4 * max(map(len, names)),
        legend=[(loss, styles.of_loss(loss)) for loss in losses] if len(losses) > 1 else [],
    )
    for a in best:
        offset = (losses.index(a.configuration.loss) - (len(losses) - 1) / 2) * 0.5 / len(losses)
        style = styles.of(a.configuration) | {"linestyle": "none"}
        row = models.index(a.configuration.model) + offset
        axes.errorbar(100 * a.value, row, xerr=reach_of(a.value, a.interval), **BARS, **style)
    axes.set_yticks(range(len(models)), names, color=INK, size=11)
    axes.set_ylim(len(models) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    return draw(axes, name, "Accuracy with 95 % intervals", _in_words(best))


def training_cost_panel(name: str, accuracies: Sequence[Accuracy], styles: Styles) -> Drawing | None:
    """Accuracy over the seconds to fit; None where they were not measured."""
    points = [_costed(a, "fit", lambda examples, seconds: seconds) for a in accuracies]
    title = _with_texts("What training costs", accuracies[0].configuration.train_size)
    return _cost_panel(name, title, "seconds to fit", points, styles, cheap_is_low=True)


def inference_cost_panel(name: str, accuracies: Sequence[Accuracy], styles: Styles) -> Drawing | None:
    """Accuracy over texts a second, from text to label; None where that was not measured."""
    points = [_costed(a, "text_to_label", lambda examples, seconds: examples / seconds) for a in accuracies]
    title = _with_texts("What inference costs", accuracies[0].configuration.train_size)
    return _cost_panel(name, title, "texts labelled a second", points, styles, cheap_is_low=False)


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
        _with_texts(configuration.model, configuration.train_size),
        "accuracy in percent, by words of the text",
        legend=[(e.configuration.loss, styles.of(e.configuration)) for e in evidence],
    )
    words = []
    for place, one in enumerate(evidence):
        buckets = _buckets(one)
        across = np.arange(len(buckets)) + 0.12 * (place - (len(evidence) - 1) / 2)
        reach = np.hstack([reach_of(*bucket) for bucket in buckets])
        axes.errorbar(across, [100 * value for value, _ in buckets], yerr=reach, **BARS, **styles.of(one.configuration))
        found = ", ".join(formats.percent_interval(*bucket) for bucket in buckets)
        words.append(f"{one.configuration.loss}: {found}")
    axes.set_xticks(range(len(evidence[0].bucket_rows)), _bucket_ranges(configuration.cells[0].length_edges))
    axes.set_xlim(-0.4, len(evidence[0].bucket_rows) - 0.6)
    axes.set_ylim(*limits)
    axes.grid(visible=False, axis="x")
    return draw(axes, name, f"Accuracy of {configuration.model} by length, in percent", "; ".join(words))


def bucket_limits(evidence: Sequence[Evidence]) -> tuple[float, float]:
    """The range in percent that holds every bucket's interval."""
    ends = [100 * end for one in evidence for b in _buckets(one) for end in b[1]]
    return max(float(np.nanmin(ends)) - 1, 0.0), min(float(np.nanmax(ends)) + 1, 100.5)


def _buckets(evidence: Evidence) -> list[tuple[float, Interval]]:
    """The accuracy in each length bucket, with its interval."""
    return [accuracy_within(evidence, index) for index in range(len(evidence.bucket_rows))]


def learning_panel(name: str, curves: Sequence[LearningCurve], styles: Styles) -> Drawing:
    """Accuracy over training rows, a line for each model; one loss."""
    axes = panel(
        curves[0].loss,
        "accuracy in percent, 95 % interval",
        legend=[(curve.model, styles.of(curve.points[0].configuration)) for curve in curves],
    )
    for curve in curves:
        reach = np.hstack([reach_of(point.value, point.interval) for point in curve.points])
        style = styles.of(curve.points[0].configuration)
        axes.errorbar(curve.sizes, [100 * point.value for point in curve.points], yerr=reach, **BARS, **style)
    log_axis(axes)
    axes.set_xlabel("training texts")
    words = (
        f"{curve.model}: "
        + ", ".join(f"{formats.percent(p.value)} with {p.configuration.train_size:,}" for p in curve.points)
        for curve in curves
    )
    return draw(axes, name, f"Learning curves with {curves[0].loss}", "; ".join(words))


def _with_texts(title: str, train_size: int) -> str:
    return f"{title}, {train_size:,} training texts"


def _in_words(accuracies: Sequence[Accuracy]) -> str:
    return "; ".join(
        f"{a.configuration.model} with {a.configuration.loss}: {formats.percent_interval(a.value, a.interval)} %"
        for a in accuracies
    )


def _bucket_ranges(edges: Sequence[float]) -> list[str]:
    """Words of the texts in each bucket."""
    whole = [int(edge) for edge in edges]
    if not whole:
        return ["all lengths"]
    between = [f"{low + 1}–{high}" for low, high in pairwise(whole)]
    return [f"up to {whole[0]}", *between, f"over {whole[-1]}"]


def _costed(accuracy: Accuracy, phase: Phase, figure: Callable[[FloatArray, FloatArray], FloatArray]) -> Costed | None:
    """The point of a configuration; None where `phase` was not measured."""
    measured = [m for cell in accuracy.configuration.cells if (m := cell.measurement(phase))]
    examples = np.array([count for m in measured for count in m.examples], dtype=np.float64)
    seconds = np.array([reading for m in measured for reading in m.costs], dtype=np.float64)
    if not len(seconds):
        return None
    costs = figure(examples, seconds)
    return Costed(accuracy, float(np.median(costs)), float(costs.min()), float(costs.max()))


def _cost_panel(
    name: str, title: str, unit: str, points: Sequence[Costed | None], styles: Styles, *, cheap_is_low: bool
) -> Drawing | None:
    """Accuracy over cost; a line joins the points that no other beats in both."""
    known = [point for point in points if point]
    if not known:
        return None
    configurations = [point.accuracy.configuration for point in known]
    legend = [(f"{c.model}, {c.loss}", styles.of(c) | {"linestyle": "none"}) for c in configurations]
    axes = panel(title, "accuracy in percent, 95 % interval; a line joins the front", height=230, legend=legend)
    gains = [point.accuracy.value for point in known]
    costs = [point.cost if cheap_is_low else -point.cost for point in known]
    best = [known[i] for i in front(costs, gains)]
    axes.plot([p.cost for p in best], [100 * p.accuracy.value for p in best], color=MUTED, linewidth=1.0, zorder=1)
    for point, (_, style) in zip(known, legend, strict=True):
        across = [[point.cost - point.lowest], [point.highest - point.cost]]
        reach = reach_of(point.accuracy.value, point.accuracy.interval)
        axes.errorbar(point.cost, 100 * point.accuracy.value, xerr=across, yerr=reach, **BARS, **style)
    log_axis(axes)
    axes.set_xlabel(unit)
    words = "; ".join(
        f"{p.accuracy.configuration.model} with {p.accuracy.configuration.loss}: "
        f"{formats.percent(p.accuracy.value)} at {formats.significant(p.cost)}"
        for p in known
    )
    return draw(axes, name, f"Accuracy over {unit}", f"On the front: {len(best)} of {len(known)}. {words}")
