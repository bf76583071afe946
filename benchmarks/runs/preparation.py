"""A run before it begins: everything that can be checked without training, checked."""

import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import chdir
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.cells.preparation import training_sample
from benchmarks.config.criterion import criterion_of
from benchmarks.config.datasets import load_dataset
from benchmarks.config.plan import Choices, Combination, combinations, deep_audits, left_out, specify
from benchmarks.config.suite import Suite
from benchmarks.errors import UsageError
from benchmarks.inference.engines.engine import engine_names
from benchmarks.redaction import reason_without_folders
from benchmarks.registry.code_version import forget_sources
from benchmarks.registry.entries import loss_class
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.tuning import TuningRecord
from benchmarks.store.files import DamagedError, StoreError
from benchmarks.store.lock import LOCK_FILE
from benchmarks.store.results import Store
from benchmarks.store.run_record import COMMAND_FILE
from data.dataset import Dataset
from models.model import Runtime


@dataclass(frozen=True)
class Run:
    """A run that has passed every check.

    Attributes:
        suite: the suite.
        specs: the cells, in order, each once.
        dataset: the data they run on.
        runtime: the device and precision asked for, resolved.
        store: the results folder: empty, or with earlier results of the same suite.
        command: the command line that asked for the run.
        deep: whether deep audits were asked for.
        price_per_hour: of the machine, if the user gave it.
        left_out: pairs of model and loss that are not run, since the model takes sample weights only.
        fixed: "model.parameter" that the user or the suite sets, which tuning leaves alone.
        tuning: the trials that chose the cells' settings; None: nothing was tuned.
    """

    suite: Suite
    specs: list[CellSpec]
    dataset: Dataset
    runtime: Runtime
    store: Store
    command: Sequence[str]
    deep: bool
    price_per_hour: float | None = None
    left_out: Sequence[tuple[str, str]] = ()
    fixed: frozenset[str] = frozenset()
    tuning: TuningRecord | None = None


def prepare_run(
    suite: Suite,
    choices: Choices,
    resolve: Callable[[], Runtime],
    folder: Path,
    command: Sequence[str],
    *,
    deep: bool = False,
    price: float | None = None,
) -> Run:
    """Check data, columns, parameters, device, external files and folder; write nothing.

    Args:
        suite: the grids and the data.
        choices: the command line's changes of the grids.
        resolve: finds the device and the precision, where the cells will run.
        folder: the results folder.
        command: the command line.
        deep: whether deep audits are asked for.
        price: of an hour of the machine.

    Raises:
        UsageError: something would not run.
    """
    forget_sources()
    planned = combinations(suite, choices)
    engine_names(suite.measure.engines)
    runtime = resolve()
    store = Store(folder)
    _check_folder(store, suite.name)
    with chdir(os.curdir):  # a plug-in's code runs; the user's paths are relative to the working folder
        dataset = load_dataset(suite.data)
        # A suite's sizes are for its own data; one that the user asks for must be there.
        capped = choices.train_sizes is None
        criterion = criterion_of(suite, dataset.test.class_names)
        specified = (
            specify(one, dataset, runtime, suite.measure, criterion=criterion, capped=capped) for one in planned
        )
        specs = list({spec.id: spec for spec in specified}.values())
        dataset = _with_sizes_out_of_reach(dataset, planned)
        _check_losses(specs, dataset)
        _check_sizes(specs)
        _check_classes(specs, dataset)
    cells = [*specs, *deep_audits(specs)] if deep else specs
    fixed = frozenset([*(choices.set or {}), *(name for grid in suite.grid for name in grid.set)])
    return Run(suite, cells, dataset, runtime, store, command, deep, price, left_out(suite, choices), fixed)


def _with_sizes_out_of_reach(dataset: Dataset, planned: Iterable[Combination]) -> Dataset:
    """The dataset, with a fact on the training sizes that the suite asks for and the data do not have."""
    sizes = {c.train_size for c in planned}
    wanted = {size for size in sizes if isinstance(size, int) and size > len(dataset.train)}
    if not wanted:
        return dataset
    listed = ", ".join(f"{size:,}" for size in sorted(wanted))
    fact = {
        "training sizes of the suite that the data do not reach": f"{listed} (there are {len(dataset.train):,} rows)"
    }
    return replace(dataset, provenance={**dataset.provenance, **fact})


def _check_folder(store: Store, suite: str) -> None:
    """Refuse a folder of another suite, one with anything else in it, and one that cannot be written to."""
    folder = store.folder
    try:
        if (folder / "run.json").exists():
            _check_suite(store, suite)
        elif folder.exists() and not (folder.is_dir() and all(_is_of_a_run(entry.name) for entry in folder.iterdir())):
            raise UsageError("not a results folder, and not empty: name another folder", option="out", value=folder)
        existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
        tempfile.TemporaryFile(dir=existing).close()
    except OSError as error:
        raise UsageError(f"it cannot be written to: {error.strerror}", option="out", value=folder) from None
    except ValueError as error:
        raise UsageError(
            f"it cannot be used: {reason_without_folders(str(error))}", option="out", value=folder
        ) from None


def _check_suite(store: Store, suite: str) -> None:
    """Refuse a folder that another suite's results are in."""
    try:
        owner = store.read_run()["suite"]
    except DamagedError:
        return  # nobody can say; the run sets the file aside, and cells of another suite have other names
    except StoreError as error:
        raise UsageError(str(error), option="out", value=store.folder) from None
    if owner != suite:
        raise UsageError(
            f"it holds results of suite {owner!r}, not {suite!r}: name another folder", option="out", value=store.folder
        )


def _is_of_a_run(name: str) -> bool:
    """Whether a run that was killed before it wrote `run.json` may have left a file or folder of that name."""
    return name in {LOCK_FILE, COMMAND_FILE, "data", "plugins"} or (name.startswith(".") and name.endswith(".tmp"))


def _check_losses(specs: Iterable[CellSpec], dataset: Dataset) -> None:
    """Build each loss as its cells will, so that a bad parameter is known before the run."""
    for name, params in dict.fromkeys((spec.loss, tuple(spec.loss_params.items())) for spec in specs):
        try:
            loss_class(name)(dataset.train.lengths, dataset.train.labels, **dict(params))
        except ValueError as error:
            raise UsageError(f"{name}: {error}") from None


def _check_sizes(specs: Iterable[CellSpec]) -> None:
    """Refuse two samples of one size, drawn in proportion and per class: results would be told apart by nothing."""
    kinds = {(spec.train_size, spec.per_class) for spec in specs}
    for size, per_class in kinds:
        if per_class is not None and (size, None) in kinds:
            raise UsageError(
                f"{per_class}/class is {size:,} texts, and {size:,} are asked for as well: leave one of them out",
                option="train_size",
                value=f"{per_class}/class",
            )


def _check_classes(specs: Iterable[CellSpec], dataset: Dataset) -> None:
    """Check that every class is among the training rows drawn: a model cannot name one that it has never seen."""
    samples = {(spec.repeat, spec.train_size, spec.per_class): spec for spec in specs}
    for repeat in sorted({spec.repeat for spec in samples.values()}):
        train = dataset.redrawn(repeat).train
        for spec in (spec for spec in samples.values() if spec.repeat == repeat):
            drawn = set(training_sample(train, spec).labels.tolist())
            for label, name in enumerate(train.class_names):
                if label not in drawn:
                    raise UsageError(
                        f"no row of class {name!r} is among the training rows drawn; take more, or join classes with "
                        "`label_map`",
                        option="train_size",
                        value=spec.train_size,
                    )
