"""`run`: train and measure."""

import shlex
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.commands import exit_codes
from benchmarks.commands.data_options import (
    DatasetOption,
    GroupColumn,
    LabelColumn,
    LabelMap,
    Splits,
    TextColumn,
    with_options,
)
from benchmarks.commands.options import (
    Device,
    DeviceChoice,
    ExecutorChoice,
    ExecutorOption,
    Plugins,
    Precision,
    PrecisionChoice,
    Price,
    RayAddress,
    Tracker,
    add_plugins,
    checked_price,
    natural,
    settings,
    words,
)
from benchmarks.commands.report import write_reports
from benchmarks.config.plan import MOST_CELLS, Choices, Combination, TrainSize, combinations
from benchmarks.config.suite import LARGEST_SEED, LARGEST_SIZE, Suite, read_suite
from benchmarks.errors import UsageError, complain
from benchmarks.hardware.slots import MOST_DEVICES
from benchmarks.redaction import plain
from benchmarks.registry.entries import entry
from data.dataset import Dataset

if TYPE_CHECKING:
    from models.model import Runtime


class AuditChoice(StrEnum):
    """Values of --audit."""

    STANDARD = "standard"
    DEEP = "deep"


def run(
    everything: Annotated[
        bool, typer.Option("--all", help="All models and losses of the suite (the default).")
    ] = False,
    models: Annotated[list[str] | None, typer.Option(metavar="GLOB..", help="Only these models.")] = None,
    losses: Annotated[
        list[str] | None, typer.Option(metavar="GLOB..", help="These losses instead of the suite's.")
    ] = None,
    suite: Annotated[str, typer.Option(metavar="NAME|FILE.toml", help="What to run.")] = "quick",
    dataset: DatasetOption = None,
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    group_column: GroupColumn = None,
    label_map: LabelMap = None,
    splits: Splits = None,
    seeds: Annotated[str | None, typer.Option(metavar="N|N,N..", help="How many seeds, or which.")] = None,
    train_size: Annotated[str | None, typer.Option(metavar="N[,N..]", help="Training reviews, or `all`.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME.PARAM=VALUE[,VALUE..]", help="Several values make an axis."),
    ] = None,
    device: Device = DeviceChoice.AUTO,
    precision: Precision = PrecisionChoice.AUTO,
    devices_per_cell: Annotated[
        str, typer.Option(metavar="N", help="GPUs, or parts of the CPU, that share a torch model's training.")
    ] = "1",
    audit: Annotated[
        AuditChoice, typer.Option(help="deep: train each model on shuffled labels, and once more, too.")
    ] = AuditChoice.STANDARD,
    executor: ExecutorOption = ExecutorChoice.LOCAL,
    ray_address: RayAddress = None,
    cpus_per_cell: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="On Ray; default: all of its smallest machine.")
    ] = None,
    retries: Annotated[
        int, typer.Option(min=0, metavar="N", help="Run a cell that crashed again, up to so often.")
    ] = 0,
    price_per_hour: Price = None,
    timeout: Annotated[
        float | None, typer.Option(min=0.001, max=1e8, metavar="SECONDS", help="End a cell after this.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Default: results/<suite>.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run again what is already done.")] = False,
    track: Tracker = None,
    log_json: Annotated[bool, typer.Option("--log-json", help="Events on stdout, a line of JSON each.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop.")] = False,
    plugin: Plugins = None,
) -> int:
    """Train and measure every cell of a suite, then write its report.

    Examples: `python -m benchmarks run --all` · `python -m benchmarks run --models lstm --seeds 3 --dry-run`
    """
    if everything and (models or losses):
        raise UsageError("--all together with --models or --losses: give one or the other")
    add_plugins(plugin)
    if executor is ExecutorChoice.LOCAL and (ray_address or cpus_per_cell):
        raise UsageError("--ray-address and --cpus-per-cell are of --executor 'ray': give it too")
    chosen = read_suite(suite)
    data = with_options(chosen.data, dataset, text_column, label_column, group_column, label_map, splits)
    chosen = chosen.model_copy(update={"data": data})
    choices = Choices(
        models=words(models),
        losses=words(losses),
        train_sizes=_train_sizes(train_size),
        seeds=_seeds(seeds),
        set=settings(set_),
    )
    devices = natural("--devices-per-cell", devices_per_cell, least=1, most=MOST_DEVICES)
    console = Console(stderr=log_json)
    if dry_run:
        _print_plan(console, chosen, combinations(chosen, choices), devices)
        return exit_codes.OK

    from benchmarks.executors.places import ray_cluster, this_machine
    from benchmarks.runs.run import execute, prepare_run
    from benchmarks.runs.tracking import check_tracker
    from benchmarks.store.results import StoreError

    folder = out or Path("results") / chosen.name
    command = ["python", "-m", "benchmarks", *sys.argv[1:]]
    deep = audit is AuditChoice.DEEP
    price = checked_price(price_per_hour)
    on_ray = executor is ExecutorChoice.RAY
    place = ray_cluster(ray_address, cpus_per_cell) if on_ray else this_machine("benchmarks.cli")

    def resolve() -> "Runtime":
        return place.resolve(device.value, precision.value, devices)

    prepared = prepare_run(chosen, choices, resolve, folder, command, deep=deep, price=price)
    if track:
        check_tracker(track.value)
    _print_data(prepared.dataset, console)
    try:
        outcomes = execute(
            prepared,
            place.executor(prepared.store, timeout),
            console,
            measure=place.measure,
            fresh=fresh,
            retries=retries,
            events=sys.stdout if log_json else None,
        )
        write_reports(folder, console, track)
    except KeyboardInterrupt:
        return _interrupted(command)
    except StoreError as error:
        complain(f"{error}; what was finished is kept, and the same command goes on from there")
        return exit_codes.CELLS_FAILED
    if outcomes.total() < len(prepared.specs):
        return _interrupted(command)
    return exit_codes.OK if set(outcomes) == {"ok"} else exit_codes.CELLS_FAILED


def _interrupted(command: Sequence[str]) -> int:
    again = shlex.join(word for word in command if word != "--fresh")
    print(f"interrupted; what was finished is kept. To go on: {again}", file=sys.stderr)
    return exit_codes.INTERRUPTED


def _train_sizes(text: str | None) -> list[TrainSize] | None:
    if text is None:
        return None
    return [
        "all" if part == "all" else natural("--train-size", part, least=1, most=LARGEST_SIZE)
        for part in text.split(",")
    ]


def _seeds(text: str | None) -> list[int] | None:
    """ "3" is how many, seeds 1 to 3; "1,5" is which."""
    if text is None:
        return None
    if text.isdecimal():
        numbers = list(range(1, natural("--seeds", text, least=0, most=MOST_CELLS) + 1))
    else:
        numbers = [natural("--seeds", part, least=0, most=LARGEST_SEED) for part in text.split(",") if part]
    if not numbers:
        raise UsageError(f"--seeds {text!r}: no seed (choices: a number of seeds, or seeds separated by commas)")
    return numbers


def _print_plan(console: Console, suite: Suite, planned: Sequence[Combination], devices: int) -> None:
    title = Text(f"{suite.name} on {plain(suite.data.name)}: {len(planned)} cells")
    table = Table(title=title, title_justify="left", box=None)
    for column in ("model", "loss", "training reviews", "seed", *(["devices"] if devices > 1 else [])):
        table.add_column(column)
    for cell in planned:
        shared = entry("models", cell.model).data_parallel
        own = [str(devices if shared else 1)] if devices > 1 else []
        table.add_row(cell.model, cell.loss, str(cell.train_size), str(cell.seed), *own)
    console.print(table)


def _print_data(dataset: Dataset, console: Console) -> None:
    from reports.render.terminal import print_facts

    sizes = f"{len(dataset.train):,} training, {len(dataset.valid):,} validation, {len(dataset.test):,} test texts"
    heading = f"data: {dataset.name}: {sizes}; classes {', '.join(dataset.test.class_names)}"
    print_facts(heading, dataset.provenance, console)
