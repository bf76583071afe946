"""A run: everything checked before anything is written, then cell after cell."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from benchmarks.cell import CellResult, CellSpec
from benchmarks.device import resolve_device, resolve_precision
from benchmarks.environment import environment
from benchmarks.errors import UsageError
from benchmarks.lock import LOCK_FILE, hold
from benchmarks.near_duplicates import near_duplicates
from benchmarks.plan import Choices, combinations, deep_audits, specify
from benchmarks.registry import loss_class, model_class
from benchmarks.runner import Runner
from benchmarks.sources import load_dataset
from benchmarks.store import Store, StoreError
from benchmarks.suite import Suite
from data.dataset import Dataset
from models.model import Runtime


@dataclass(frozen=True)
class Run:
    """A run that has passed every check.

    Attributes:
        suite: the suite.
        specs: the cells, in order.
        dataset: what they run on.
        runtime: the device and precision asked for, resolved.
        store: where results go; nothing is there yet, or earlier results of the same suite.
        command: the command line that asked for it.
        deep: whether deep audits were asked for.
    """

    suite: Suite
    specs: list[CellSpec]
    dataset: Dataset
    runtime: Runtime
    store: Store
    command: Sequence[str]
    deep: bool


def prepare_run(
    suite: Suite,
    choices: Choices,
    device: str,
    precision: str,
    folder: Path,
    command: Sequence[str],
    *,
    deep: bool = False,
) -> Run:
    """Check everything that can be known beforehand; write nothing.

    Raises:
        UsageError: something would not run.
    """
    planned = combinations(suite, choices)
    resolved = resolve_device(device)
    runtime = Runtime(resolved, resolve_precision(precision, resolved))
    store = Store(folder)
    _check_folder(store, suite.name)
    dataset = load_dataset(suite.data)
    specified = (specify(combination, dataset, runtime) for combination in planned)
    specs = list({spec.id: spec for spec in specified}.values())
    if deep:
        specs += deep_audits(specs)
    for spec in specs:
        _check_cell(spec, dataset)
    return Run(suite, specs, dataset, runtime, store, command, deep)


def execute(run: Run, console: Console, fresh: bool = False, timeout: float | None = None) -> list[CellResult]:
    """Run the cells that have no result yet, or all of them if `fresh`.

    Returns:
        A result for each planned cell.

    Raises:
        UsageError: another run is writing into the folder.
        KeyboardInterrupt: the user asked to stop; what was finished is in the store.
    """
    run.store.folder.mkdir(parents=True, exist_ok=True)
    with hold(run.store.folder):
        run.store.write_data(run.dataset)
        run.store.write_run(_describe(run))
        return _run_cells(run, console, fresh, timeout)


def _run_cells(run: Run, console: Console, fresh: bool, timeout: float | None) -> list[CellResult]:
    runner = Runner(run.store, run.suite.measure, timeout)
    results = []
    with _progress(console) as progress:
        cells = progress.add_task("cells", total=len(run.specs))
        for number, spec in enumerate(run.specs, start=1):
            result = None if fresh else _finished(run.store, spec)
            if result is None:
                task = progress.add_task(_title(spec), total=None)

                def advance(done: int, total: int, task: TaskID = task) -> None:
                    progress.update(task, completed=done, total=total)

                result = runner.run(spec, advance)
                progress.remove_task(task)
                outcome = _outcome(result)
            else:
                outcome = "already done"
            line = f"[{number}/{len(run.specs)}] {_title(spec)}: {outcome}"
            console.print(line, markup=False, highlight=False, soft_wrap=True)
            results.append(result)
            progress.advance(cells)
    return results


def _finished(store: Store, spec: CellSpec) -> CellResult | None:
    result = store.read_result(spec.id)
    return result if result and result.status == "ok" else None


def _check_folder(store: Store, suite: str) -> None:
    """Refuse a folder of another suite, one with anything else in it, and one that cannot be written to."""
    folder = store.folder
    if (folder / "run.json").exists():
        try:
            owner = store.read_run()["suite"]
        except StoreError as error:
            raise UsageError(f"--out {str(folder)!r}: {error}") from None
        if owner != suite:
            raise UsageError(
                f"--out {str(folder)!r} holds results of suite {owner!r}, not {suite!r}: name another folder"
            )
    elif folder.exists() and not (folder.is_dir() and all(_begun(entry.name) for entry in folder.iterdir())):
        raise UsageError(f"--out {str(folder)!r} is not a results folder, and it is not empty: name another folder")
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    try:
        tempfile.TemporaryFile(dir=existing).close()
    except OSError as error:
        raise UsageError(f"--out {str(folder)!r} cannot be written to: {error.strerror}") from None


def _begun(name: str) -> bool:
    """Whether a run that was killed before it wrote `run.json` may have left this."""
    return name in {LOCK_FILE, "data"} or (name.startswith(".") and name.endswith(".tmp"))


def _check_cell(spec: CellSpec, dataset: Dataset) -> None:
    """Build what the cell will build, so that a bad parameter or missing weights are known before the run."""
    try:
        loss_class(spec.loss)(dataset.train.lengths, **spec.loss_params)
        model_class(spec.model)(**spec.model_params).check_ready()
    except ValueError as error:
        raise UsageError(f"{spec.model} x {spec.loss}: {error}") from None


def _describe(run: Run) -> dict[str, object]:
    """What `run.json` holds. Cells planned earlier stay planned while data, device, precision and code are the same."""
    dataset = run.dataset
    return {
        "suite": run.suite.name,
        "description": run.suite.description,
        "command": list(run.command),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "planned": list(dict.fromkeys([*_planned_before(run), *(spec.id for spec in run.specs)])),
        "dataset": {
            "name": dataset.name,
            "fingerprint": dataset.fingerprint,
            "provenance": {**dataset.provenance, "test texts nearly in training": _near_duplicates(run)},
            "train": len(dataset.train),
            "valid": len(dataset.valid),
            "test": len(dataset.test),
            "classes": list(dataset.test.class_names),
        },
        "device": run.runtime.device,
        "precision": run.runtime.precision,
        "code_version": run.specs[0].code_version,
        "environment": environment(),
    }


def _near_duplicates(run: Run) -> int | str:
    return len(near_duplicates(run.dataset)) if run.deep else "not counted (--audit deep counts them)"


def _planned_before(run: Run) -> list[str]:
    if not (run.store.folder / "run.json").exists():
        return []
    before = run.store.read_run()
    same = (
        before["dataset"]["fingerprint"] == run.dataset.fingerprint
        and (before["device"], before["precision"]) == (run.runtime.device, run.runtime.precision)
        and before["code_version"] == run.specs[0].code_version
    )
    return list(before["planned"]) if same else []


def _title(spec: CellSpec) -> str:
    role = "" if spec.role == "result" else f", {spec.role}"
    return f"{spec.model} × {spec.loss}, {spec.train_size:,} reviews, seed {spec.seed}{role}"


def _outcome(result: CellResult) -> str:
    if result.status != "ok":
        return f"{result.status}: {result.reason}"
    fit = result.measurement("fit")
    seconds = fit.seconds[0] if fit else 0.0
    return f"accuracy {result.metrics['accuracy']:.2%}, fit in {seconds:.1f} s"


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
