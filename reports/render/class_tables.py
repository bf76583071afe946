"""Tables of single classes and of the leading metric."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.store.files import write_text
from reports import formats
from reports.analysis.baselines import baselines, class_shares
from reports.analysis.confusions import Confusions, confusions
from reports.analysis.evidence import Evidence
from reports.analysis.metric_comparisons import ranked
from reports.analysis.metric_figures import METRICS
from reports.analysis.run_analysis import Analysis
from reports.formats import Interval
from reports.render.accuracy_tables import MAJORITY, STRATIFIED
from reports.render.rows import Row, who

MOST_CLASSES = 20
"""Classes, and confused pairs, that a table lists."""


def metric_table(analysis: Analysis) -> pd.DataFrame:
    """Configurations by the leading metric, the best first, with the baselines; empty where accuracy leads."""
    if not analysis.evidence or (metric := analysis.leading.name) == "accuracy":
        return pd.DataFrame()
    name, unit = METRICS[metric].name, METRICS[metric].unit
    heading = f"{name} %" if unit == "pp" else f"{name} ({unit})" if unit == "nats" else name
    behind = f"difference to the best ({METRICS[metric].difference_unit})"
    found = ranked(metric, analysis.evidence, analysis.results)
    rows = []
    for one in found:
        configuration = one.evidence.configuration
        row: Row = {**who(configuration), "loss": configuration.loss}
        row[heading] = _value(one.value, one.interval, unit)
        row[behind] = _difference(one.value - found[0].value, one.behind, unit)
        rows.append(row)
    evidence = analysis.evidence[0]
    shares = class_shares(evidence.rows.labels, len(analysis.results.run["dataset"]["classes"]))
    floor = baselines(metric, shares, analysis.results.run.get("costs"))
    nothing = dict.fromkeys(rows[0], formats.NOT_MEASURED)
    for label, value in ((MAJORITY, floor.majority), (STRATIFIED, floor.stratified)):
        rows.append({**nothing, "model": label, heading: _value(value, Interval(np.nan, np.nan), unit)})
    return pd.DataFrame(rows, dtype=str)


def recall_table(analysis: Analysis) -> pd.DataFrame:
    """Test texts of each class, and the share of them that each model finds; of many classes, the hardest."""
    shown = _shown(analysis)
    if not shown:
        return pd.DataFrame()
    counted = {_label(one): confusions(one, analysis.results) for one in shown}
    first = confusions(shown[0], analysis.results)
    trainings = len(shown[0].configuration.cells)
    order = np.arange(len(first.classes))
    if len(order) > MOST_CLASSES:
        order = np.argsort(np.nan_to_num(first.recall, nan=2.0), kind="stable")[:MOST_CLASSES]
    rows = [
        {
            "class": first.classes[label],
            "test texts": formats.count(first.rows[label] / trainings),
            "share": formats.percent(first.rows[label] / first.rows.sum()),
        }
        | {f"{name}: found": formats.percent(own.recall[label]) for name, own in counted.items()}
        for label in order
    ]
    return pd.DataFrame(rows, dtype=str)


def pairs_table(analysis: Analysis) -> pd.DataFrame:
    """The classes that the most accurate model confuses most often."""
    shown = _shown(analysis)
    if not shown:
        return pd.DataFrame()
    found = confusions(shown[0], analysis.results)
    rows = [
        {
            "label": found.classes[label],
            "taken for": found.classes[predicted],
            "texts": formats.count(found.counts[label, predicted]),
            "share of the label": formats.percent(found.counts[label, predicted] / found.rows[label]),
        }
        for label, predicted in found.pairs(MOST_CLASSES)
    ]
    return pd.DataFrame(rows, dtype=str)


def lowest_recall(analysis: Analysis) -> list[str]:
    """For each model, the class it finds least often, where accuracy misleads."""
    if not analysis.evidence or not analysis.leading.warning:
        return []
    found = []
    for one in _shown(analysis):
        own = confusions(one, analysis.results)
        label = int(np.nanargmin(own.recall))
        found.append(
            f"{_label(one)} finds {formats.percent(own.recall[label])} of the texts of class "
            f"{own.classes[label]!r}, the least of all classes."
        )
    return found


def write_classes_csv(folder: Path, analysis: Analysis) -> Path:
    """Write `classes.csv`, one row per configuration and class in full precision.

    A text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    path = folder / "classes.csv"
    write_text(path, class_figures(analysis).map(formats.inert).to_csv(index=False, lineterminator="\n"))
    return path


def class_figures(analysis: Analysis) -> pd.DataFrame:
    """One row per configuration and class in full precision; the columns of `classes.csv`."""
    rows = [row for one in analysis.evidence for row in _figures(one, confusions(one, analysis.results))]
    return pd.DataFrame(rows)


def _figures(one: Evidence, own: Confusions) -> list[dict[str, object]]:
    configuration = one.configuration
    rows: list[dict[str, object]] = []
    for label, name in enumerate(own.classes):
        other = own.taken_for(label)
        rows.append(
            {
                "model": configuration.model,
                "loss": configuration.loss,
                "train_size": configuration.train_size,
                "class": name,
                "test_rows": int(own.rows[label]) // len(configuration.cells),
                "recall": own.recall[label],
                "precision": own.precision[label],
                "f1": own.f1[label],
                "most_often_taken_for": "" if other is None else own.classes[other],
                "so_often": 0.0 if other is None else own.counts[label, other] / own.rows[label],
            }
        )
    return rows


def _shown(analysis: Analysis) -> list[Evidence]:
    """The most accurate configuration of each model, the best first."""
    values = {one.configuration.key: one.value for one in analysis.accuracies}
    best: dict[str, Evidence] = {}
    for one in sorted(analysis.evidence, key=lambda evidence: -values[evidence.configuration.key]):
        best.setdefault(one.configuration.model, one)
    return list(best.values())


def _label(one: Evidence) -> str:
    return one.configuration.model


def _value(value: float, interval: Interval, unit: str) -> str:
    if unit == "pp":
        return formats.percent_interval(value, interval)
    if np.isnan(value):
        return formats.NOT_MEASURED
    shown = formats.decimal(-value)
    if np.isnan(interval.low):
        return shown
    return f"{shown} ({formats.decimal(-interval.high)}–{formats.decimal(-interval.low)})"


def _difference(difference: float, interval: Interval, unit: str) -> str:
    if unit == "pp":
        return formats.points_interval(difference, interval)
    return f"{formats.signed(-difference)} ({formats.signed(-interval.high)} to {formats.signed(-interval.low)})"
