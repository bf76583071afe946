"""The results folder of a run that names none."""

import os
import re
from pathlib import Path

from benchmarks.config.suite import Suite
from data.hub import PREFIX

RESULTS = Path("results")

LONGEST = 60
"""Characters of a folder's name that come from the dataset's."""

EXTENSIONS = re.compile(r"(\.(csv|tsv|jsonl?|ndjson|parquet|xlsx|txt|zip|gz|zst|bz2|xz))+$", re.IGNORECASE)


def default_folder(suite: Suite, dataset: str | None) -> Path:
    """Return `results/SUITE`, or `results/SUITE-DATASET` for another dataset than the suite's own.

    Args:
        suite: the suite as its file has it.
        dataset: the dataset that was asked for; None is the suite's own.
    """
    if dataset is None or dataset == suite.data.name:
        return RESULTS / suite.name
    return RESULTS / f"{suite.name}-{_short_name(dataset)}"


def _short_name(dataset: str) -> str:
    """Shorten a dataset's name: the last two parts of a path or Hub name, without extensions and revision."""
    if dataset.startswith(PREFIX):
        parts = dataset.removeprefix(PREFIX).partition("@")[0].split("/")
    else:
        path = Path(os.path.normpath(dataset))
        parts = [part for part in path.parts if part not in {"..", ".", path.anchor}] or [path.resolve().name]
    joined = "-".join(EXTENSIONS.sub("", part) for part in parts[-2:])
    return re.sub(r"[^A-Za-z0-9_]+", "-", joined).strip("-")[:LONGEST] or "data"
