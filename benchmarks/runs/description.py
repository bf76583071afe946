"""The content of `run.json`, and the cells of earlier commands that a run continues."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from benchmarks import __version__
from benchmarks.config.criterion import criterion_of
from benchmarks.hardware.environment import environment
from benchmarks.redaction import command_without_folders
from benchmarks.registry.code_version import code_version
from benchmarks.registry.entries import entry, model_class, names
from benchmarks.registry.libraries import libraries
from benchmarks.registry.plugins import plugins
from benchmarks.runs.cascades import kept_cascades
from benchmarks.runs.preparation import Run
from benchmarks.runs.sweep import Observer
from benchmarks.schema.cell import CellSpec, MetricName
from benchmarks.schema.result import CellResult
from benchmarks.store.files import DamagedError, StoreError
from benchmarks.store.results import Store
from data.near_duplicates import near_duplicates
from models.external_files import external_digests
from models.model import Runtime

OF_CELLS = ("ceilings", "costs", "tuning")
"""Entries of `run.json` that speak of its cells."""


@dataclass(frozen=True)
class EarlierRun:
    """State of the results folder that a run continues from.

    Attributes:
        started: when the first of its commands began.
        planned: ids of cells that earlier commands planned.
        code_versions, libraries: those of their models and losses, see `RunRecord`.
    """

    started: str
    planned: list[str] = field(default_factory=list)
    code_versions: Mapping[str, str] = field(default_factory=dict)
    libraries: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def describe(run: Run, observer: Observer) -> dict[str, object]:
    """Return the content of `run.json`."""
    dataset = run.dataset
    before = earlier_run(run, observer)
    cells = list(dict.fromkeys([*before.planned, *(spec.id for spec in run.specs)]))
    cascades = kept_cascades(run.store, cells)
    return {
        "suite": run.suite.name,
        "description": run.suite.description,
        "command": command_without_folders(run.command),
        "started": before.started,
        "planned": [*cells, *cascades],
        "cascades": cascades,
        "acknowledged": dict(run.suite.acknowledge),
        "metric": run.suite.metric,
        "costs": next(([list(row) for row in spec.costs] for spec in run.specs if spec.costs), None),
        "tuning": None if run.tuning is None else run.tuning.model_dump(),
        "dataset": {
            "name": dataset.name,
            "fingerprint": dataset.fingerprint,
            "provenance": {**dataset.provenance, "test texts nearly in training": _near_duplicates(run)},
            "train": len(dataset.train),
            "valid": len(dataset.valid),
            "test": len(dataset.test),
            "classes": list(dataset.test.class_names),
            "redrawn_from": dataset.redrawn_from,
            "language": run.suite.data.language,
        },
        "plugins": {plugin.path.name: plugin.sha256 for plugin in plugins().values()},
        "device": run.runtime.device,
        "precision": run.runtime.precision,
        "devices_per_cell": run.runtime.devices,
        "code_version": __version__,
        "code_versions": {**before.code_versions, **{_pair(spec): spec.code_version for spec in run.specs}},
        "libraries": {**before.libraries, **{_pair(spec): spec.libraries for spec in run.specs}},
        "environment": environment(),
        "price_per_hour": run.price_per_hour,
        "margin_points": run.suite.margin,
    }


def describe_before_tuning(run: Run, observer: Observer) -> dict[str, object]:
    """Return the content of `run.json` while settings are sought: of cells that stay planned, what was said of them."""
    try:
        before = run.store.read_run()
    except StoreError:
        before = {}
    description = describe(replace(run, specs=[]), observer)
    kept = {key: before[key] for key in OF_CELLS if description["planned"] and key in before}
    return description | kept


def earlier_run(run: Run, observer: Observer) -> EarlierRun:
    """Return the earlier run that this one continues, as `run.json` describes it.

    A cell of an earlier command stays planned while it would be the same cell today: the same data, device, precision,
    code, libraries, plug-ins and external files. Where no cell stays, the run is a new one.
    """
    new = EarlierRun(datetime.now(UTC).isoformat(timespec="seconds"))
    if not (run.store.folder / "run.json").exists():
        return new
    try:
        before = run.store.read_run()
    except DamagedError as error:
        observer.say(f"{error}; {run.store.set_aside(error.path)}; cells of earlier commands are left out")
        return new
    ran_on = (before["device"], before["precision"], before.get("devices_per_cell", 1))
    runs_on = (run.runtime.device, run.runtime.precision, run.runtime.devices)
    if (before["dataset"].get("fingerprint"), ran_on) != (run.dataset.fingerprint, runs_on):
        return new
    code, packages = before.get("code_versions", {}), before.get("libraries", {})
    same = {pair for pair in code if _is_current(pair, code[pair], packages.get(pair, {}))}
    planned = [
        cell
        for cell in before["planned"]
        if "-".join(cell.split("-")[:2]) in same and _would_be_the_same(_result(run.store, cell), run)
    ]
    if not planned:
        return new
    return EarlierRun(
        before.get("started", new.started),
        planned,
        {pair: code[pair] for pair in sorted(same)},
        {pair: packages[pair] for pair in sorted(same & packages.keys())},
    )


def _pair(spec: CellSpec) -> str:
    return f"{spec.model}-{spec.loss}"


def _near_duplicates(run: Run) -> int | str:
    return len(near_duplicates(run.dataset)) if run.deep else "not counted (a deep audit counts them)"


def _is_current(pair: str, code: str, packages: Mapping[str, str]) -> bool:
    """Whether "model-loss" still has that code and those libraries; True for a plug-in that is not loaded."""
    model, _, loss = pair.partition("-")
    if model not in names("models") or loss not in names("losses"):
        return True
    return code_version(model, loss) == code and libraries(model, loss) == dict(packages)


def _result(store: Store, cell_id: str) -> CellResult | None:
    try:
        return store.read_result(cell_id)
    except StoreError:  # the sweep or the report names it
        return None


def _would_be_the_same(result: CellResult | None, run: Run) -> bool:
    """Whether this run would plan the cell for its plug-ins, files and metric; yes where that cannot be known."""
    if result is None or result.spec.model not in names("models") or result.spec.loss not in names("losses"):
        return True
    spec = result.spec
    model, loss = entry("models", spec.model), entry("losses", spec.loss)
    runtime = model.runtime(run.runtime)
    return (
        (model.plugin, loss.plugin) == (spec.model_plugin, spec.loss_plugin)
        and (runtime.device, runtime.precision, runtime.devices) == (spec.device, spec.precision, spec.devices)
        and spec.data_fingerprint == run.dataset.fingerprint
        and (spec.metric, spec.costs) == _criterion(run)
        and _has_the_same_files(spec, runtime)
    )


def _criterion(run: Run) -> tuple[MetricName, tuple[tuple[float, ...], ...]]:
    """Metric and costs of the run's own cells: cells that were selected by others cannot be compared with them."""
    criterion = criterion_of(run.suite, run.dataset.test.class_names)
    return criterion.metric, criterion.costs


def _has_the_same_files(spec: CellSpec, runtime: Runtime) -> bool:
    try:
        return external_digests(model_class(spec.model)(**spec.model_params)) == spec.model_files
    except ValueError:  # they are gone
        return False
