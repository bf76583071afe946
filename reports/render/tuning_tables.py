"""The table of searches for settings, and the sentence on how the cells' settings were chosen."""

import pandas as pd

from benchmarks.redaction import without_folders
from benchmarks.schema.tuning import TuningRecord
from reports import formats
from reports.analysis.results import Results
from reports.analysis.tuning import LEAST_TRIALS, Search, expected_best
from reports.render.rows import Row

EXPECTED_AFTER = (5, 10, 20, 50, 100)
"""Trials whose expected best is shown, where as many were run."""


def tuning_sentence(results: Results) -> str:
    """Return how the settings of the cells were chosen."""
    if not results.run.get("tuning"):
        return (
            "Nothing was tuned: every model has its default settings, or those that the suite or the user set. A model "
            "whose defaults suit these data less well than another's is at a disadvantage."
        )
    record = TuningRecord.model_validate(results.run["tuning"])
    budget = f"{record.trials:,} trials" if record.trials is not None else f"{record.seconds:,g} seconds of training"
    how = "drawn at random" if record.sampler == "random" else "drawn by a tree-structured Parzen estimator"
    return (
        f"Every configuration was tuned with the same budget: {budget}, the default settings first, the others {how} "
        "from the space that the model declares. The settings that were best on validation were trained "
        "anew and tested; no trial read a test text."
    )


def tuning_table(searches: list[Search]) -> pd.DataFrame:
    """Return a row for each search: the defaults, the best trial, and what to expect of smaller budgets."""
    most = max((len(search.drawn) for search in searches if search.independent), default=0)
    rows: list[Row] = []
    for search in searches:
        pruned = sum(trial.pruned for trial in search.drawn)
        trials = len(search.drawn) + search.failed + (search.default is not None)
        row = {
            "model": search.model,
            "loss": search.loss,
            "training texts": formats.count(search.train_size),
            "trials": f"{trials} ({pruned} pruned, {search.failed} failed)",
            "defaults, validation %": _percent(search.default.accuracy if search.default else None),
            "best, validation %": _percent(search.best.accuracy if search.best else None),
            "best settings": ", ".join(f"{name}={_shown(value)}" for name, value in search.settings.items())
            or "the defaults",
        }
        tried = search.independent and len(search.drawn) >= LEAST_TRIALS
        expected: list[float] = list(expected_best(search.accuracies).mean) if tried else []
        row |= {
            f"best of {k} drawn, expected": _percent(expected[k - 1] if k <= len(expected) else None)
            for k in EXPECTED_AFTER
            if k <= most
        }
        rows.append(row)
    return pd.DataFrame(rows, dtype=str)


def _percent(share: float | None) -> str:
    return formats.NOT_MEASURED if share is None else formats.percent(share)


def _shown(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else without_folders(str(value))
