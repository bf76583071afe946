"""Figures of the decision: accuracy over the cost of a month, and errors over the share of texts answered."""

from collections.abc import Sequence

import numpy as np

from reports import formats
from reports.analysis.front import front
from reports.analysis.metric_figures import METRICS
from reports.analysis.recommendation import Candidate, Recommendation
from reports.analysis.requirements import fit_seconds, throughput
from reports.analysis.results import Configuration
from reports.analysis.selective import Selection
from reports.figures.canvas import BARS, Style, Styles, draw, log_axis, panel
from reports.figures.svg import MUTED, Drawing
from reports.formats import Interval

NAMED = 8
"""Candidates with a name of their own in the legend; others are grey."""

COVERAGES = np.linspace(0.01, 1.0, 100)


def front_panel(
    name: str,
    found: Recommendation,
    named: Sequence[Candidate],
    joined: Sequence[Sequence[Configuration]],
    styles: Styles,
) -> Drawing | None:
    """The metric over the machine hours of a month; None where no candidate was timed.

    Args:
        name: of the file.
        found: the decision, at whose volume a month is counted.
        named: candidates that the legend names.
        joined: curves: a cascade's first stage, the cascade with its thresholds, its last stage.
        styles: of the run.
    """
    hours = {id(one): _hours(one, found) for one in found.candidates}
    known = [one for one in found.candidates if not np.isnan(hours[id(one)][0])]
    if not known:
        return None
    styles = styles.including(one.configuration for one in known)
    look = {id(one): _style(one, named, styles) for one in known}
    legend = [(one.name, look[id(one)]) for one in known if any(one is own for own in named)]
    if len(legend) < len(known):
        others = len(known) - len(legend)
        legend.append((f"{others} other{'s' if others > 1 else ''}", _style(None, named, styles)))
    metric = METRICS[found.question.metric]
    said = f"{metric.axis}, 95 % interval; a line joins the front"
    axes = panel(f"{metric.title} over cost", f"{said}, dots a cascade" if joined else said, legend=legend)
    best = [known[i] for i in front([hours[id(one)][0] for one in known], [one.value for one in known])]
    costs, gains = [hours[id(one)][0] for one in best], [metric.shown(one.value) for one in best]
    axes.plot(costs, gains, color=MUTED, linewidth=1.0, zorder=1)
    by_key = {one.configuration.key: one for one in known}
    for curve in joined:
        points = [by_key[c.key] for c in curve if c.key in by_key]
        costs, gains = [hours[id(one)][0] for one in points], [metric.shown(one.value) for one in points]
        axes.plot(costs, gains, color=MUTED, linewidth=1.6, linestyle=":", zorder=1)
    for one in known:
        cost, (low, high) = hours[id(one)]
        across = [[max(cost - low, 0.0)], [max(high - cost, 0.0)]]
        value, ends = metric.shown(one.value), metric.shown_interval(one.interval)
        reach = [[max(value - ends.low, 0.0)], [max(ends.high - value, 0.0)]]
        axes.errorbar(cost, value, xerr=across, yerr=reach, **BARS, **look[id(one)])
    log_axis(axes)
    terms = found.question.terms
    trainings = f"{terms.retrain_per_month:g} training{'' if terms.retrain_per_month == 1 else 's'}"
    axes.set_xlabel(f"machine hours a month: {formats.count(terms.texts_per_month)} texts, {trainings}")
    digits, unit = (1, " %") if metric.is_share else (3, "")
    values = [f"{formats.decimal(metric.shown(one.value), digits)}{unit}" for one in known]
    words = "; ".join(
        f"{one.name}: {value} at {formats.significant(hours[id(one)][0])}"
        for one, value in zip(known, values, strict=True)
    )
    return draw(axes, name, f"{metric.title} over the machine hours of a month", f"On the front: {len(best)}. {words}")


def risk_coverage_panel(name: str, selections: Sequence[Selection], styles: Styles) -> Drawing:
    """The error rate of the surest share of the texts, a line for each model; one loss and training size."""
    configurations = [one.evidence.configuration for one in selections]
    looks = [styles.of(c) | {"marker": ""} for c in configurations]
    axes = panel(
        f"Errors of the surest texts, {configurations[0].train_size:,} training texts",
        "percent wrong, by percent of the texts answered, the surest first",
        legend=[(c.model, look) for c, look in zip(configurations, looks, strict=True)],
    )
    words = []
    for one, configuration, look in zip(selections, configurations, looks, strict=True):
        rows = len(one.curve)
        risks = one.curve[np.maximum(np.ceil(COVERAGES * rows).astype(int) - 1, 0)]
        axes.plot(100 * COVERAGES, 100 * risks, **look)
        words.append(f"{configuration.model}: {formats.percent(float(risks[49]))} of the surest half")
    axes.set_xlabel("percent of the texts answered")
    axes.set_xlim(0, 101)
    axes.set_ylim(bottom=0)
    return draw(axes, name, "Risk-coverage curves", f"Errors among the surest half of the texts. {'; '.join(words)}")


def _hours(one: Candidate, found: Recommendation) -> tuple[float, Interval]:
    """Machine hours of a month, and how far the readings leave them open."""
    cells, terms = one.configuration.cells, found.question.terms
    fit, rate = fit_seconds(cells), throughput(cells)

    def hours(seconds: float, texts_per_second: float) -> float:
        return (terms.retrain_per_month * seconds + terms.texts_per_month / texts_per_second) / 3600

    interval = Interval(hours(fit.interval.low, rate.interval.high), hours(fit.interval.high, rate.interval.low))
    return hours(fit.value, rate.value), interval


def _style(one: Candidate | None, named: Sequence[Candidate], styles: Styles) -> Style:
    if one is not None and any(one is own for own in named):
        return styles.of(one.configuration) | {"linestyle": "none"}
    return {"color": MUTED, "marker": ".", "linestyle": "none"}
