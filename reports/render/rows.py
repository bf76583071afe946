"""Rows of the report's tables: frames of text, ready to be shown; what was not measured is "–", never 0."""

from collections.abc import Sequence

import pandas as pd

from reports import formats
from reports.analysis.results import Configuration

Row = dict[str, str]


def who(configuration: Configuration) -> Row:
    """What a row is about."""
    return {
        "model": configuration.model,
        "training reviews": formats.count(configuration.train_size),
        "device": configuration.device,
        "precision": configuration.precision,
    }


def frame(rows: Sequence[Row]) -> pd.DataFrame:
    """The rows; device and precision only where they differ."""
    shown = pd.DataFrame(list(rows), dtype=str)
    same = [name for name in ("device", "precision") if name in shown and shown[name].nunique() == 1]
    return shown.drop(columns=same)
