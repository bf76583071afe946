"""The candidates of a decision: the rows of the first table, and the data with which the page decides anew."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from reports import formats
from reports.analysis import sentences
from reports.analysis.decision import Standing
from reports.analysis.front import leading
from reports.analysis.metric_figures import METRICS
from reports.analysis.multiples import labelling_multiples, training_multiples
from reports.analysis.rate_ratios import Ratio
from reports.analysis.recommendation import Candidate, Recommendation
from reports.analysis.requirements import fit_seconds, throughput
from reports.render import recommendation_words as words
from reports.render.rows import Row

CLASSES = {
    Standing.GOOD_ENOUGH: "good",
    Standing.NOT_GOOD_ENOUGH: "bad",
    Standing.UNDECIDED: "open",
}
"""Standing -> class of a row's verdict on the page."""


@dataclass(frozen=True)
class Line:
    """A row of the page's first table.

    Attributes:
        number: of the candidate, the most accurate first.
        cells: column -> text.
        shown: whether it is one of the rows that stand there at first.
        looks: class of its verdict.
    """

    number: int
    cells: Row
    shown: bool
    looks: str


def candidates_table(found: Recommendation, candidates: Sequence[Candidate] | None = None) -> pd.DataFrame:
    """One row per candidate: the metric, difference to the best, costs as multiples of the cheapest, verdict."""
    return pd.DataFrame(_rows(found, found.candidates if candidates is None else candidates), dtype=str)


def caption(found: Recommendation) -> str:
    """What the brackets of the table hold, and whether its rows had the same training texts."""
    sizes = sorted({one.configuration.train_size for one in found.candidates})
    texts = ""
    if len(sizes) > 1:
        texts = (
            f" Training texts differ, {formats.count(sizes[0])} to {formats.count(sizes[-1])}: a candidate that had "
            "fewer might be ahead with as many as the others."
        )
    return (
        "Round brackets: 95 % intervals; that of a difference holds together with all others. Square brackets: the "
        f"range of timings that are too few for an interval. {words.baselines(found)}{texts}"
    )


def short_table(found: Recommendation) -> pd.DataFrame:
    """The leading candidates in columns narrow enough for a terminal; the precision where it differs."""
    shown = leading(found)
    mixed = len({one.configuration.precision for one in shown}) > 1
    training, labelling = _multiples(found)
    metric = METRICS[found.question.metric]
    rows = []
    for one, row in zip(shown, _rows(found, shown), strict=True):
        candidate, value, *_, verdict = row.values()
        name = f"{candidate}, {one.configuration.precision}" if mixed else candidate
        rows.append(
            {
                "candidate": name,
                metric.heading: value,
                f"behind ({metric.difference_unit})": _behind(one, found),
                "fit ×": sentences.multiple(training[one.name], narrow=True),
                "label ×": sentences.multiple(labelling[one.name], narrow=True),
                "verdict": verdict,
            }
        )
    return pd.DataFrame(rows, dtype=str)


def lines(found: Recommendation) -> list[Line]:
    """All rows of the page's table; those beyond the first ones are hidden there."""
    shown = {id(one) for one in leading(found)}
    rows = _rows(found, found.candidates)
    return [
        Line(number, row, id(one) in shown, _looks(one, found))
        for number, (one, row) in enumerate(zip(found.candidates, rows, strict=True))
    ]


def page_data(found: Recommendation) -> str:
    """The data of the page's decision, as JSON that is safe within a `script` element.

    Intervals are differences of the metric (shares where it is one); what has no bound is the largest number there is;
    null is not measured.
    """
    terms, metric = found.question.terms, METRICS[found.question.metric]
    data = {
        "unit": metric.difference_unit,
        "share": metric.is_share,
        "tolerance": found.question.tolerated,
        "price": terms.price_per_hour,
        "texts": terms.texts_per_month,
        "trainings": terms.retrain_per_month,
        "phrases": asdict(words.phrases(found)),
        "candidates": [_candidate(one) for one in found.candidates],
    }
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _candidate(one: Candidate) -> dict[str, Any]:
    cells = one.configuration.cells
    return {
        "name": formats.plain(one.name),
        "behind": [_number(float(np.nan_to_num(end, nan=np.nan))) for end in one.judged.behind],
        "learnt": one.learnt,
        "fitSeconds": _number(fit_seconds(cells).value),
        "textsPerSecond": _number(throughput(cells).value),
    }


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _looks(one: Candidate, found: Recommendation) -> str:
    if one is found.chosen:
        return "chosen"
    return CLASSES[one.judged.standing] if one.learnt else "bad"


def _rows(found: Recommendation, candidates: Sequence[Candidate]) -> list[Row]:
    month = "machine hours a month" if found.question.terms.price_per_hour is None else "price a month"
    training, labelling = _multiples(found)
    metric = METRICS[found.question.metric]
    return [
        {
            "candidate": one.name,
            metric.heading: words.figure(one, found),
            f"difference to the best ({metric.difference_unit})": _difference(one, found),
            "training cost (× cheapest)": sentences.multiple(training[one.name]),
            "labelling cost (× cheapest)": sentences.multiple(labelling[one.name]),
            month: formats.significant(one.price.total),
            "verdict": words.verdict(one, found),
        }
        for one in candidates
    ]


def _difference(one: Candidate, found: Recommendation) -> str:
    """The difference to the most accurate, with the interval of that to the truly best."""
    if len(found.candidates) == 1:
        return formats.NOT_MEASURED
    metric, difference = METRICS[found.question.metric], one.value - found.candidates[0].value
    if metric.is_share:
        shown = formats.points_interval(difference, one.judged.behind)
        return shown.replace("+0.00", "0.00")  # nothing is ahead of the best
    low, high = metric.shown_interval(one.judged.behind)
    return f"{formats.decimal(metric.shown(difference))} ({formats.decimal(low)} to {formats.decimal(high)})"


def _behind(one: Candidate, found: Recommendation) -> str:
    """The range by which the candidate may be behind the best; points with one decimal."""
    if len(found.candidates) == 1:
        return formats.NOT_MEASURED
    metric, ends = METRICS[found.question.metric], (one.judged.behind.high, one.judged.behind.low)
    least, most = (formats.decimal(abs(metric.shown(end)), 1 if metric.is_share else 3) for end in ends)
    return f"{least}–{most}"


def _multiples(found: Recommendation) -> tuple[dict[str, Ratio | None], dict[str, Ratio | None]]:
    """Name of a candidate -> its cost of training, and of labelling, over that of the cheapest."""
    names, configurations = zip(*((one.name, one.configuration) for one in found.candidates), strict=True)
    ratios = training_multiples(configurations), labelling_multiples(configurations)
    training, labelling = (dict(zip(names, own, strict=True)) for own in ratios)
    return training, labelling
