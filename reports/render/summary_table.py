"""The table that a terminal of 80 columns shows: accuracy and speed of each model and loss; the report has the rest."""

from collections.abc import Sequence

import pandas as pd

from reports import formats
from reports.analysis.accuracy import Accuracy
from reports.analysis.noise import fit_timing
from reports.analysis.run_analysis import Analysis
from reports.analysis.throughput import throughput
from reports.render.rows import Row


def summary_tables(analysis: Analysis) -> list[tuple[str, pd.DataFrame]]:
    """Make one table for each training size, with its title; the most accurate configuration comes first."""
    sizes: dict[int, list[Accuracy]] = {}
    for one in sorted(analysis.accuracies, key=lambda accuracy: -accuracy.value):
        sizes.setdefault(one.configuration.train_size, []).append(one)
    return [
        (f"{formats.count(size)} training texts", _table(analysis, sizes[size]))
        for size in sorted(sizes, key=lambda size: (-len(sizes[size]), -size))
    ]


def _table(analysis: Analysis, accuracies: Sequence[Accuracy]) -> pd.DataFrame:
    hardware = {(one.configuration.device, one.configuration.precision) for one in accuracies}
    return pd.DataFrame([_row(analysis, one, mixed=len(hardware) > 1) for one in accuracies], dtype=str)


def _row(analysis: Analysis, accuracy: Accuracy, *, mixed: bool) -> Row:
    configuration = accuracy.configuration
    speed = throughput(configuration.cells)
    where = f" on {configuration.device}, {configuration.precision}" if mixed else ""
    return {
        "model": f"{configuration.model}{where}",
        "loss": configuration.loss,
        "accuracy %": formats.percent_interval(accuracy.value, accuracy.interval),
        "best?": _place(analysis, accuracy),
        "fit (s)": formats.significant(fit_timing(configuration.cells).median),
        "texts/s": formats.significant(speed.text_to_label_rate),
    }


def _place(analysis: Analysis, accuracy: Accuracy) -> str:
    """Say whether the configuration may be the best of its size; losses other than the leading one are not compared."""
    best = analysis.primary.best.get(accuracy.configuration.train_size)
    if best is None or accuracy.configuration.key not in {*best.behind, best.top.configuration.key}:
        return formats.NOT_MEASURED
    candidates = {one.configuration.key for one in best.candidates}
    return "may be" if best.learnt and accuracy.configuration.key in candidates else "no"
