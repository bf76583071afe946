"""A run: everything checked before anything is written, then described, then swept."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console

from benchmarks import __version__
from benchmarks.config.datasets import load_dataset
from benchmarks.config.plan import Choices, Combination, combinations, deep_audits, specify
from benchmarks.config.suite import Suite
from benchmarks.errors import UsageError
from benchmarks.executors.executor import Executor
from benchmarks.hardware.environment import environment
from benchmarks.redaction import command_without_folders, reason_without_folders, shortened
from benchmarks.registry.code_version import code_version
from benchmarks.registry.entries import loss_class, model_class, names
from benchmarks.registry.plugins import plugins
from benchmarks.runs.display import Display
from benchmarks.runs.event_log import EventLog
from benchmarks.runs.sweep import Observer, sweep
from benchmarks.schema.cell import SAMPLE_SEED, CellSpec
from benchmarks.schema.measurements import Ceiling
from benchmarks.schema.result import Status
from benchmarks.store.lock import LOCK_FILE, hold
from benchmarks.store.results import DamagedError, Store, StoreError
from data.dataset import Dataset
from data.near_duplicates import near_duplicates
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
        price_per_hour: of the machine, if the user said it.
    """

    suite: Suite
    specs: list[CellSpec]
    dataset: Dataset
    runtime: Runtime
    store: Store
    command: Sequence[str]
    deep: bool
    price_per_hour: float | None = None


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
    """Check everything that can be known beforehand; write nothing.

    Args:
        suite: what to run.
        choices: what the command line says of it.
        resolve: finds the device and the precision, where the cells will run.
        folder: where results go.
        command: the command line.
        deep: whether deep audits are asked for.

    Raises:
        UsageError: something would not run.
    """
    planned = combinations(suite, choices)
    runtime = resolve()
    store = Store(folder)
    try:
        _check_folder(store, suite.name)
    except (OSError, ValueError) as error:
        raise UsageError(f"--out {shortened(folder)!r} cannot be used: {reason_without_folders(str(error))}") from None
    dataset = load_dataset(suite.data)
    # A suite's sizes are for its own data; one that the user asks for must be there.
    capped = choices.train_sizes is None
    specified = (specify(combination, dataset, runtime, suite.measure, capped=capped) for combination in planned)
    specs = list({spec.id: spec for spec in specified}.values())
    dataset = _with_sizes_out_of_reach(dataset, planned)
    for size in {spec.train_size for spec in specs}:
        _check_classes(dataset, size)
    if deep:
        specs += deep_audits(specs)
    for spec in specs:
        _check_cell(spec, dataset)
    return Run(suite, specs, dataset, runtime, store, command, deep, price)


def execute(
    run: Run,
    executor: Executor,
    console: Console,
    *,
    measure: Callable[[Sequence[CellSpec]], list[Ceiling]] | None = None,
    fresh: bool = False,
    retries: int = 0,
    events: TextIO | None = None,
) -> Counter[Status]:
    """Run the cells that have no good result yet, or all of them if `fresh`; a crashed one up to `retries` times more.

    What happens is shown on `console`, or written to `events` as a line of JSON each. `measure` says what the cells'
    devices can do at best, before them and after them; without it nobody does.

    Returns:
        How many cells ended in which way: all of them, or fewer if the user asked for an end.

    Raises:
        UsageError: another run is writing into the folder.
        KeyboardInterrupt: the user wants an end now; what was finished is in the store.
        StoreError: the store holds results of another version, or can no longer be written to.
    """
    store = run.store
    store.create()
    shown = Display(console, run.specs) if events is None else EventLog(events, run.specs)
    with hold(store.folder), shown as observer:
        store.clear_temporary()
        _keep_data(run, observer)
        for plugin in plugins().values():
            store.write_plugin(plugin.sha256, plugin.source)
        if fresh:
            for spec in run.specs:
                store.remove_cell(spec.id)
        kept = _kept_ceilings(run)
        ceilings = _ceilings(run, observer, measure) if kept is None else kept
        description = _describe(run, observer)
        store.write_run(description | _as_json(ceilings))
        outcomes = sweep(run.specs, store, executor, observer, retries=retries)
        if kept is None and outcomes.total() == len(run.specs):  # the user did not ask for an end
            store.write_run(description | _as_json(_best(ceilings, _ceilings(run, observer, measure))))
        return outcomes


def _keep_data(run: Run, observer: Observer) -> None:
    try:
        kept = run.store.has_data(run.dataset.fingerprint)
    except DamagedError as error:
        observer.say(f"{error}; {run.store.set_aside(error.path)}; it is written again")
        kept = False
    if not kept:
        run.store.write_data(run.dataset)


def _kept_ceilings(run: Run) -> list[Ceiling] | None:
    """Those of the run before, if it left nothing to run; else None."""
    try:
        if all((result := run.store.read_result(spec.id)) and result.status == "ok" for spec in run.specs):
            return [Ceiling.model_validate(ceiling) for ceiling in run.store.read_run().get("ceilings", [])]
    except StoreError:
        pass  # the sweep names what is damaged; the cell runs again
    return None


def _ceilings(
    run: Run, observer: Observer, measure: Callable[[Sequence[CellSpec]], list[Ceiling]] | None
) -> list[Ceiling]:
    """What the cells' devices can do at this moment."""
    if measure is None:
        return []
    try:
        return measure(run.specs)
    except RuntimeError as error:  # no cell is lost for want of a ceiling
        observer.say(f"the device's ceiling could not be measured: {error}")
        return []


def _best(before: Sequence[Ceiling], after: Sequence[Ceiling]) -> list[Ceiling]:
    """The best readings of each device and precision: others on the machine may have slowed one of them down."""
    found: dict[tuple[str, str], Ceiling] = {}
    for ceiling in (*before, *after):
        other = found.get((ceiling.device, ceiling.precision), ceiling)
        faster = max(ceiling, other, key=lambda reading: reading.flop_per_second)
        copying = max(ceiling.bytes_per_second, other.bytes_per_second)
        found[ceiling.device, ceiling.precision] = faster.model_copy(update={"bytes_per_second": copying})
    return list(found.values())


def _as_json(ceilings: Sequence[Ceiling]) -> dict[str, object]:
    return {"ceilings": [ceiling.model_dump() for ceiling in ceilings]}


def _with_sizes_out_of_reach(dataset: Dataset, planned: Iterable[Combination]) -> Dataset:
    """The dataset, its provenance naming what the suite wants of it and it does not have: cells take all there is."""
    wanted = {c.train_size for c in planned if c.train_size != "all" and c.train_size > len(dataset.train)}
    if not wanted:
        return dataset
    said = {"training rows that the suite asks for, of which there are fewer": ", ".join(map(str, sorted(wanted)))}
    return replace(dataset, provenance={**dataset.provenance, **said})


def _check_folder(store: Store, suite: str) -> None:
    """Refuse a folder of another suite, one with anything else in it, and one that cannot be written to."""
    folder = store.folder
    if (folder / "run.json").exists():
        try:
            owner = store.read_run()["suite"]
        except DamagedError:
            owner = suite  # nobody can say; `execute` sets the file aside, and cells of another suite lie apart
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
    return name in {LOCK_FILE, "data", "plugins"} or (name.startswith(".") and name.endswith(".tmp"))


def _check_classes(dataset: Dataset, train_size: int) -> None:
    """Every class must be among the training rows that are drawn: a model cannot name one it has never seen."""
    drawn = set(dataset.train.sample(train_size, seed=SAMPLE_SEED).labels.tolist())
    for label, name in enumerate(dataset.train.class_names):
        if label not in drawn:
            raise UsageError(
                f"--train-size {train_size}: no row of class {name!r} is among the training rows drawn; take more, or "
                "join classes with --label-map"
            )


def _check_cell(spec: CellSpec, dataset: Dataset) -> None:
    """Build what the cell will build, so that a bad parameter or missing weights are known before the run."""
    try:
        loss_class(spec.loss)(dataset.train.lengths, **spec.loss_params)
        model_class(spec.model)(**spec.model_params).check_ready()
    except ValueError as error:
        raise UsageError(f"{spec.model} x {spec.loss}: {error}") from None


def _describe(run: Run, observer: Observer) -> dict[str, object]:
    """What `run.json` holds."""
    dataset = run.dataset
    before = _run_before(run, observer)
    return {
        "suite": run.suite.name,
        "description": run.suite.description,
        "command": command_without_folders(run.command),
        "started": before["started"],
        "planned": list(dict.fromkeys([*before["planned"], *(spec.id for spec in run.specs)])),
        "dataset": {
            "name": dataset.name,
            "fingerprint": dataset.fingerprint,
            "provenance": {**dataset.provenance, "test texts nearly in training": _near_duplicates(run)},
            "train": len(dataset.train),
            "valid": len(dataset.valid),
            "test": len(dataset.test),
            "classes": list(dataset.test.class_names),
        },
        "plugins": {plugin.path.name: plugin.sha256 for plugin in plugins().values()},
        "device": run.runtime.device,
        "precision": run.runtime.precision,
        "devices_per_cell": run.runtime.devices,
        "code_version": __version__,
        "code_versions": before["code_versions"]
        | {f"{spec.model}-{spec.loss}": spec.code_version for spec in run.specs},
        "environment": environment(),
        "price_per_hour": run.price_per_hour,
    }


def _near_duplicates(run: Run) -> int | str:
    return len(near_duplicates(run.dataset)) if run.deep else "not counted (--audit deep counts them)"


def _run_before(run: Run, observer: Observer) -> dict[str, Any]:
    """What `run.json` says of the run that this one goes on with: when it started, cells planned earlier, and the code
    of each model and loss.

    Cells stay planned while data, devices, precision and that code are the same; where none does, the run is a new one.
    """
    new = {"started": datetime.now(UTC).isoformat(timespec="seconds"), "planned": [], "code_versions": {}}
    if not (run.store.folder / "run.json").exists():
        return new
    try:
        before = run.store.read_run()
    except DamagedError as error:
        observer.say(f"{error}; {run.store.set_aside(error.path)}; what only earlier commands planned is left out")
        return new
    ran_on = (before["device"], before["precision"], before.get("devices_per_cell", 1))
    runs_on = (run.runtime.device, run.runtime.precision, run.runtime.devices)
    if (before["dataset"]["fingerprint"], ran_on) != (run.dataset.fingerprint, runs_on):
        return new
    same = {pair: version for pair, version in before.get("code_versions", {}).items() if _is_current(pair, version)}
    planned = [cell_id for cell_id in before["planned"] if "-".join(cell_id.split("-")[:2]) in same]
    if not planned:
        return new
    return new | {"planned": planned, "code_versions": same, "started": before.get("started", new["started"])}


def _is_current(pair: str, version: str) -> bool:
    """Whether that is the code of "model-loss" today, as far as can be known: a plug-in may not be at hand."""
    model, _, loss = pair.partition("-")
    if model not in names("models") or loss not in names("losses"):
        return True
    return code_version(model, loss) == version
