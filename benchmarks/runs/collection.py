"""Several datasets run together: each an ordinary run in a folder of its own, all cells in one sweep."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.config.plan import Choices, combinations
from benchmarks.config.suite import Suite
from benchmarks.errors import UsageError
from benchmarks.redaction import command_without_folders, reason_without_folders
from benchmarks.runs.preparation import Run, prepare_run
from benchmarks.runs.results_folder import titles
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.result import SCHEMA_VERSION
from benchmarks.store.collection import COLLECTION_FILE
from benchmarks.store.files import write_text
from models.model import Runtime

OF_ONE_DATASET = frozenset({"dataset", "train_size"})
"""Options whose errors concern one dataset alone, so that the others run."""


@dataclass(frozen=True)
class Collection:
    """Runs that are planned together.

    Attributes:
        folder: the results folder that holds those of the runs.
        runs: title of a dataset -> its run.
        unreadable: title of a dataset that cannot be used -> why.
    """

    folder: Path
    runs: Mapping[str, Run]
    unreadable: Mapping[str, str]

    @property
    def specs(self) -> list[CellSpec]:
        """The cells of all runs."""
        return [spec for run in self.runs.values() for spec in run.specs]

    def write(self, command: Sequence[str]) -> None:
        """Record which runs belong together, and which datasets could not be used, in `collection.json`.

        Raises:
            WriteError: it cannot be written.
        """
        content = {
            "schema_version": SCHEMA_VERSION,
            "suite": next(iter(self.runs.values())).suite.name,
            "command": command_without_folders(command),
            "runs": list(self.runs),
            "unreadable": dict(self.unreadable),
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        write_text(self.folder / COLLECTION_FILE, f"{json.dumps(content, indent=2)}\n")


def prepare_collection(
    suites: Sequence[Suite],
    choices: Choices,
    resolve: Callable[[], Runtime],
    folder: Path,
    command: Sequence[str],
    *,
    deep: bool = False,
    price: float | None = None,
) -> Collection:
    """Check every run; a dataset that cannot be used is kept with the reason, and the others run.

    Args:
        suites: one for each dataset; they differ in their data alone.
        choices: the command line's changes of the grids.
        resolve: finds the device and the precision.
        folder: the results folder of the collection.
        command: the command line.
        deep: whether deep audits are asked for.
        price: of an hour of the machine.

    Raises:
        UsageError: something would not run on any dataset, two datasets have one name or the same content, or no
            dataset can be used.
    """
    _check_folder(folder)
    combinations(suites[0], choices)
    runtime = resolve()
    runs: dict[str, Run] = {}
    unreadable: dict[str, str] = {}
    for title, suite in zip(titles([suite.data for suite in suites]), suites, strict=True):
        try:
            run = prepare_run(suite, choices, lambda: runtime, folder / title, command, deep=deep, price=price)
        except UsageError as error:
            if error.option not in OF_ONE_DATASET:
                raise
            unreadable[title] = reason_without_folders(error.detail)
            if len(unreadable) == len(suites):
                raise
        else:
            _check_content(title, run, runs)
            runs[title] = run
    return Collection(folder, runs, unreadable)


def _check_folder(folder: Path) -> None:
    """Refuse the results folder of a single run."""
    if (folder / "run.json").exists():
        raise UsageError("it holds the results of one dataset: name another folder", option="out", value=folder)


def _check_content(title: str, run: Run, others: Mapping[str, Run]) -> None:
    """Refuse a dataset that is another one under a second name: their cells would be the same."""
    for other, known in others.items():
        if known.dataset.fingerprint == run.dataset.fingerprint:
            raise UsageError(
                f"it has the same texts and labels as {other!r}: leave one out", option="dataset", value=title
            )
