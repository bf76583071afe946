"""`run`: train and measure."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from rich.console import Console

from benchmarks.commands.data_options import CollectionOptions
from benchmarks.commands.execution import run_cells
from benchmarks.commands.exit_status import ExitStatus
from benchmarks.commands.grid_options import GridOptions
from benchmarks.commands.options import (
    DeviceOptions,
    ExecutorOptions,
    Plugins,
    TrackerChoice,
    add_plugins,
    check_price,
    parse_count,
    parse_margin,
)
from benchmarks.commands.printing import PipeConsole, print_line
from benchmarks.commands.run_options import AuditChoice, CellOptions, MetricOptions, OutputOptions
from benchmarks.commands.run_view import print_left_out, print_run_data, print_run_plan
from benchmarks.commands.tuning_options import TuningOptions
from benchmarks.config.suite import read_suites
from benchmarks.errors import UsageError
from benchmarks.hardware.slots import MOST_DEVICES

if TYPE_CHECKING:
    from benchmarks.executors.select import Backend
    from benchmarks.runs.run import Run
    from models.model import Runtime

PRELOAD = "benchmarks.cli"
"""Imported by the processes of cells, too: each reads it where it is the main module of this one."""


def run(
    grid: GridOptions,
    data: CollectionOptions,
    device: DeviceOptions,
    executor: ExecutorOptions,
    tuning: TuningOptions,
    metric: MetricOptions,
    cells: CellOptions,
    output: OutputOptions,
    plugin: Plugins = None,
) -> int:
    """Train and measure every cell of a suite, on one dataset or on several.

    Then write the report, and for several datasets the leaderboard. Running the same command again continues where it
    stopped.

    Examples: `python -m benchmarks run --all` · `python -m benchmarks run --models lstm --seeds 3 --dry-run` ·
    `python -m benchmarks run --models nbsvm tfidf_logreg --dataset a.csv b.csv c.csv`
    """
    add_plugins(plugin)
    console = PipeConsole(stderr=output.log_json)
    own = read_suites(grid.suite)
    blocks = data.applied_to([suite.data for suite in own])
    budget = tuning.applied_to(own[0].tuning)
    margin = own[0].margin if output.margin is None else parse_margin(output.margin)
    changes: dict[str, object] = {"tuning": budget, "margin": margin, "measure": cells.measured(own[0].measure)}
    changes |= cells.joined(own[0], on_ray=executor.on_ray)
    changes |= metric.changes()
    if executor.on_ray and own[0].cascades and cells.cascades is None:
        print_line(console, "left out: cascades, which are measured on this machine alone")
    suites = [own[0].model_copy(update={"data": block, **changes}) for block in blocks]
    choices = grid.choices()
    backend, resolve = _backend(device, executor, cells, output, console)

    from benchmarks.commands.collection import run_collection
    from benchmarks.runs.collection import prepare_collection
    from benchmarks.runs.preparation import prepare_run
    from benchmarks.runs.results_folder import default_collection_folder, default_folder

    command = ["python", "-m", "benchmarks", *sys.argv[1:]]
    deep = cells.audit is AuditChoice.DEEP
    if len(suites) > 1:
        folder = output.out or default_collection_folder(own[0], data.dataset)
        collection = prepare_collection(
            suites, choices, resolve, folder, command, deep=deep, price=output.price_per_hour
        )
        return run_collection(collection, command, backend, cells, output, console)
    folder = output.out or default_folder(own[0], data.dataset[0] if data.dataset else None)
    prepared = prepare_run(suites[0], choices, resolve, folder, command, deep=deep, price=output.price_per_hour)
    print_run_data(prepared, console)
    print_left_out(prepared, console)
    print_run_plan(prepared, console, whole=output.dry_run)
    if output.dry_run:
        return ExitStatus.OK
    report = partial(_report, console, output.track)
    return run_cells([prepared], command, backend, cells, output, console, report)


def _backend(
    device: DeviceOptions, executor: ExecutorOptions, cells: CellOptions, output: OutputOptions, console: Console
) -> "tuple[Backend, Callable[[], Runtime]]":
    """Where cells run, and how their device is found there; check what needs no data."""
    if not executor.on_ray and (executor.ray_address or cells.cpus_per_cell):
        raise UsageError("--ray-address and --cpus-per-cell need --executor ray")
    devices = parse_count("--devices-per-cell", cells.devices_per_cell, least=1, most=MOST_DEVICES)
    check_price(output.price_per_hour)
    if not output.log_json:
        print_line(console, "Loading ...")

    from benchmarks.executors.select import local_backend, ray_backend, start_fork_server

    if not executor.on_ray and not output.dry_run:
        start_fork_server(PRELOAD)

    from benchmarks.runs.tracking import check_tracker

    if output.track:
        check_tracker(output.track.value)
    backend = ray_backend(executor.ray_address, cells.cpus_per_cell) if executor.on_ray else local_backend(PRELOAD)
    return backend, lambda: backend.resolve(device.device.value, device.precision.value, devices)


def _report(console: Console, tracker: TrackerChoice | None, runs: Sequence["Run"]) -> int:
    """Write the report of the one run."""
    from benchmarks.commands.report import write_reports
    from benchmarks.commands.summary import print_summary

    (run,) = runs
    results = write_reports(run.store.folder, console, tracker)
    return print_summary(console, results, [*(spec.id for spec in run.specs), *results.run["cascades"]])
