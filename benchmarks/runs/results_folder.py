"""The results folder of a run that names none."""

import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.config.suite import Data, Suite
from benchmarks.errors import UsageError
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


def default_collection_folder(suite: Suite, datasets: Sequence[str] | None) -> Path:
    """Return the folder of several runs: `results/SUITE`, or `results/SUITE-collection` for other datasets.

    Args:
        suite: the suite as its file has it.
        datasets: those that were asked for; None are the suite's own.
    """
    return RESULTS / (suite.name if datasets is None else f"{suite.name}-collection")


def titles(blocks: Sequence[Data]) -> list[str]:
    """Return what each dataset of a collection is called: its title, or the last part of its name.

    Where two have the same last part, the two last parts.

    Raises:
        UsageError: two datasets have one name.
    """
    short = Counter(_short_name(block.name, parts=1) for block in blocks if block.title is None)
    found = [
        block.title or (name if short[name] == 1 else _short_name(block.name))
        for block, name in ((block, _short_name(block.name, parts=1)) for block in blocks)
    ]
    for title, number in Counter(found).items():
        if number > 1:
            raise UsageError(
                f"{number} datasets have this name, which is their folder's: give each [[data]] block of a suite file "
                "a `title`",
                option="dataset",
                value=title,
            )
    return found


def _short_name(dataset: str, parts: int = 2) -> str:
    """Shorten a dataset's name: the last parts of a path or Hub name, without extensions and revision."""
    if dataset.startswith(PREFIX):
        words = dataset.removeprefix(PREFIX).partition("@")[0].split("/")
    else:
        path = Path(os.path.normpath(dataset))
        words = [part for part in path.parts if part not in {"..", ".", path.anchor}] or [path.resolve().name]
    joined = "-".join(EXTENSIONS.sub("", part) for part in words[-parts:])
    return re.sub(r"[^A-Za-z0-9_]+", "-", joined).strip("-")[:LONGEST] or "data"
