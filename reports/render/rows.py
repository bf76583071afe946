"""Rows of the report's tables: frames of text, ready to be shown; what was not measured is "–", never 0."""

from collections.abc import Sequence

import pandas as pd

from benchmarks.schema.measurements import Load
from reports import formats
from reports.analysis.noise import disturbance
from reports.analysis.results import Configuration

Row = dict[str, str]


def who(configuration: Configuration) -> Row:
    """The first columns of a row: model, training texts, device, precision."""
    return {
        "model": configuration.model,
        "training texts": formats.count(configuration.train_size),
        "device": configuration.device,
        "precision": configuration.precision,
    }


def trainings(configuration: Configuration) -> str:
    """Number and kind of the trainings: "3 seeds", "5 repeats", "1"."""
    own = configuration.trainings
    repeats, seeds = len({repeat for repeat, _ in own}), len({seed for _, seed in own})
    return f"{repeats} repeats" if repeats > 1 else f"{seeds} seeds" if seeds > 1 else "1"


def doubt(*loads: Load | None) -> str:
    """A mark for a time during which the machine was busy with something else, or held back; "" where it was not."""
    return ", in doubt" if any(disturbance(load)[1] for load in loads) else ""


def frame(rows: Sequence[Row]) -> pd.DataFrame:
    """The rows; the device only where it differs."""
    shown = pd.DataFrame(list(rows), dtype=str)
    same = "device" in shown and shown["device"].nunique() == 1
    return shown.drop(columns=["device"] if same else [])
