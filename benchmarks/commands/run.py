"""`run`: train and measure."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from benchmarks.commands.data_options import DataOptions
from benchmarks.commands.exit_status import ExitStatus
from benchmarks.commands.grid_options import GridOptions
from benchmarks.commands.options import (
    DeviceOptions,
    ExecutorOptions,
    Plugins,
    Price,
    Tracker,
    add_plugins,
    check_price,
    parse_count,
)
from benchmarks.commands.printing import PipeConsole, print_line, print_wrapped
from benchmarks.config.suite import read_suite
from benchmarks.errors import UsageError, complain
from benchmarks.hardware.slots import MOST_DEVICES
from benchmarks.redaction import plain

if TYPE_CHECKING:
    from benchmarks.executors.select import Backend
    from benchmarks.runs.run import Run
    from models.model import Runtime


class AuditChoice(StrEnum):
    """Values of --audit."""

    STANDARD = "standard"
    DEEP = "deep"


@dataclass(frozen=True)
class CellOptions:
    """How each cell runs."""

    devices_per_cell: Annotated[
        str, typer.Option(metavar="N", help="Train one torch model on N GPUs, or on N groups of processors.")
    ] = "1"
    cpus_per_cell: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Processors of a cell on Ray. Default: all of the smallest machine."),
    ] = None
    timeout: Annotated[
        float | None, typer.Option(min=0.001, max=1e8, metavar="SECONDS", help="Stop a cell that takes longer.")
    ] = None
    retries: Annotated[int, typer.Option(min=0, metavar="N", help="Run a crashed cell again, up to N times.")] = 0
    audit: Annotated[
        AuditChoice, typer.Option(help="deep also trains each model on shuffled labels, and trains it twice.")
    ] = AuditChoice.STANDARD


@dataclass(frozen=True)
class OutputOptions:
    """Where results go, and what is printed."""

    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Results folder. Default: results/SUITE, or results/SUITE-DATASET."),
    ] = None
    fresh: Annotated[bool, typer.Option("--fresh", help="Run cells again that have a result.")] = False
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check data, models and device, print the plan, and stop.")
    ] = False
    price_per_hour: Price = None
    track: Tracker = None
    log_json: Annotated[
        bool, typer.Option("--log-json", help="Write events to stdout as JSON lines, and the rest to stderr.")
    ] = False


def run(
    grid: GridOptions,
    data: DataOptions,
    device: DeviceOptions,
    executor: ExecutorOptions,
    cells: CellOptions,
    output: OutputOptions,
    plugin: Plugins = None,
) -> int:
    """Train and measure every cell of a suite.

    Then write the report. Running the same command again continues where it stopped.

    Examples: `python -m benchmarks run --all` · `python -m benchmarks run --models lstm --seeds 3 --dry-run`
    """
    add_plugins(plugin)
    console = PipeConsole(stderr=output.log_json)
    prepared, backend = _prepare(grid, data, device, executor, cells, output, console)
    _print_data(prepared, console)
    _print_left_out(prepared, console)
    _print_plan(prepared, console, whole=output.dry_run)
    if output.dry_run:
        return ExitStatus.OK
    return _execute(prepared, backend, cells, output, console)


def _prepare(
    grid: GridOptions,
    data: DataOptions,
    device: DeviceOptions,
    executor: ExecutorOptions,
    cells: CellOptions,
    output: OutputOptions,
    console: Console,
) -> "tuple[Run, Backend]":
    """Check everything that can be checked without training."""
    if not executor.on_ray and (executor.ray_address or cells.cpus_per_cell):
        raise UsageError("--ray-address and --cpus-per-cell need --executor ray")
    suite = read_suite(grid.suite)
    chosen = suite.model_copy(update={"data": data.applied_to(suite.data)})
    choices = grid.choices()
    devices = parse_count("--devices-per-cell", cells.devices_per_cell, least=1, most=MOST_DEVICES)
    check_price(output.price_per_hour)
    if not output.log_json:
        print_line(console, "Loading ...")

    from benchmarks.executors.select import local_backend, ray_backend
    from benchmarks.runs.results_folder import default_folder
    from benchmarks.runs.run import prepare_run
    from benchmarks.runs.tracking import check_tracker

    if output.track:
        check_tracker(output.track.value)
    backend = (
        ray_backend(executor.ray_address, cells.cpus_per_cell) if executor.on_ray else local_backend("benchmarks.cli")
    )

    def resolve() -> "Runtime":
        return backend.resolve(device.device.value, device.precision.value, devices)

    prepared = prepare_run(
        chosen,
        choices,
        resolve,
        output.out or default_folder(suite, data.dataset),
        ["python", "-m", "benchmarks", *sys.argv[1:]],
        deep=cells.audit is AuditChoice.DEEP,
        price=output.price_per_hour,
    )
    return prepared, backend


def _execute(prepared: "Run", backend: "Backend", cells: CellOptions, output: OutputOptions, console: Console) -> int:
    from benchmarks.commands.report import write_reports
    from benchmarks.commands.summary import print_summary
    from benchmarks.runs.run import execute
    from benchmarks.store.files import StoreError

    _warn_of_other_data(prepared, console)
    try:
        outcomes = execute(
            prepared,
            backend.executor(prepared.store, cells.timeout),
            console,
            measure=backend.measure,
            fresh=output.fresh,
            retries=cells.retries,
            events=sys.stdout if output.log_json else None,
        )
        results = write_reports(prepared.store.folder, console, output.track)
    except KeyboardInterrupt:
        return _interrupted(prepared.command)
    except StoreError as error:
        complain(f"{error}; finished cells are kept, and the same command continues from there")
        return ExitStatus.INCOMPLETE
    if outcomes.total() < len(prepared.specs):
        return _interrupted(prepared.command)
    return print_summary(console, results, [spec.id for spec in prepared.specs])


def _interrupted(command: Sequence[str]) -> int:
    again = shlex.join(word for word in command if word != "--fresh")
    print(f"interrupted; finished cells are kept. To continue: {again}", file=sys.stderr)
    return ExitStatus.INTERRUPTED


def _print_data(prepared: "Run", console: Console) -> None:
    from benchmarks.commands.data_view import print_data

    print_data(console, prepared.dataset)


def _print_left_out(prepared: "Run", console: Console) -> None:
    """Name the models that do not run with a loss."""
    for loss in dict.fromkeys(loss for _, loss in prepared.left_out):
        models = ", ".join(model for model, left in prepared.left_out if left == loss)
        print_wrapped(console, f"left out: {loss} with {models} (no sample weights express this loss)")


def _print_plan(prepared: "Run", console: Console, *, whole: bool) -> None:
    """Print the plan with the differences that it can detect, or only its size and time."""
    from benchmarks.commands.plan_view import PlanState, comparisons, print_plan, print_totals
    from benchmarks.hardware.processor import processor
    from benchmarks.runs.estimate import earlier_results, finished, seconds_of
    from reports.analysis.planning import Plan

    results = earlier_results(prepared.store.folder, processor())
    state = PlanState(finished(prepared.specs, prepared.store), seconds_of(prepared.specs, results))
    if not whole:
        print_totals(console, prepared.specs, state)
        return
    runtime = prepared.runtime
    title = f"{prepared.suite.name} on {prepared.dataset.name}, {runtime.device}, {runtime.precision}"
    print_plan(console, title, prepared.specs, state)
    test = prepared.dataset.test
    rows = len(test) if test.groups is None else len(set(test.groups))
    print_wrapped(console, Plan(rows, *comparisons(prepared.specs)).sentence)
    print_line(console, f"results folder: {prepared.store.folder}")


def _warn_of_other_data(prepared: "Run", console: Console) -> None:
    """Say that a folder's report will be replaced by one on other data."""
    from benchmarks.store.files import StoreError

    try:
        before = prepared.store.read_run()["dataset"]
    except StoreError:  # no earlier run, or a damaged one, which `execute` reports
        return
    if before.get("fingerprint") != prepared.dataset.fingerprint:
        folder, name = prepared.store.folder, plain(before.get("name", "?"))
        line = (
            f"note: {folder} holds results on other data ({name}); its report will be replaced by one on "
            f"{prepared.dataset.name}. To keep it, name another folder with --out."
        )
        print_wrapped(console, line, style="yellow")
