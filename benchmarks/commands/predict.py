"""`predict`: label texts with a trained model."""

import sys
from enum import StrEnum
from io import BufferedIOBase
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.console import Console

from benchmarks.commands import exit_codes
from benchmarks.commands.options import (
    CellOption,
    Device,
    DeviceChoice,
    ExecutorChoice,
    ExecutorOption,
    Plugins,
    Precision,
    PrecisionChoice,
    RayAddress,
    TrainedModel,
    add_plugins,
)
from benchmarks.commands.saying import say
from benchmarks.errors import UsageError
from benchmarks.registry.entries import entry, is_sha256


class FormatChoice(StrEnum):
    """Values of predict's --format."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


def predict(
    model: TrainedModel,
    texts: Annotated[list[str] | None, typer.Argument(metavar="[TEXT..|-]", help="Texts; - reads a line each.")] = None,
    input_: Annotated[
        Path | None,
        typer.Option("--input", metavar="FILE", help=".txt (a text per line), .jsonl, .csv, .tsv, .parquet; a folder."),
    ] = None,
    text_column: Annotated[str, typer.Option(metavar="NAME", help="The texts' column in --input.")] = "text",
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Written whole or not at all; instead of the terminal.")
    ] = None,
    format_: Annotated[
        FormatChoice | None, typer.Option("--format", help="Default: what --output's name says, else text.")
    ] = None,
    cell: CellOption = "*",
    device: Device = DeviceChoice.AUTO,
    precision: Precision = PrecisionChoice.AUTO,
    plugin: Plugins = None,
    executor: ExecutorOption = ExecutorChoice.LOCAL,
    ray_address: RayAddress = None,
) -> int:
    """Label new texts with a trained model: of a run, the cell with the highest accuracy on validation.

    Examples: `python -m benchmarks predict results/quick "A film to remember."` ·
    `python -m benchmarks predict results/quick --input reviews.csv --output labels.parquet`
    """
    if bool(texts) == (input_ is not None):
        raise UsageError("predict wants texts from one place (choices: TEXT.., --input FILE, - for lines from a pipe)")
    if texts and "-" in texts and len(texts) > 1:
        raise UsageError("predict: - (lines from a pipe) together with other texts: give one or the other")
    add_plugins(plugin)
    if input_ is not None and input_.is_dir():
        on_ray = executor is ExecutorChoice.RAY
        return _predict_folder(model, cell, input_, text_column, output, device, precision, on_ray, ray_address)
    if executor is ExecutorChoice.RAY or ray_address:
        raise UsageError("--executor 'ray' and --ray-address label a folder: name one with --input")

    from benchmarks.inference.predict import check_output, columns, output_format, progress
    from benchmarks.inference.predict import predict as predictions
    from benchmarks.inference.saved import find_model, load_found
    from benchmarks.inference.text_input import read_file, read_lines
    from benchmarks.inference.writers import WRITERS, writing

    chosen = output_format(format_ and format_.value, output)
    check_output(output, input_)
    found = find_model(model, cell)
    total = None
    if input_ is not None:
        total = sum(map(len, read_file(input_, text_column)))  # a bad row shows before the work, not after it
        blocks = read_file(input_, text_column)
    else:
        blocks = read_lines(cast(BufferedIOBase, sys.stdin.buffer), "-") if texts == ["-"] else iter([texts or []])
    console = Console(stderr=True)
    say(console, f"{found.folder} ({found.reason})")
    classifier = load_found(found, device.value, precision.value)
    names = columns(classifier.classes)
    frames = progress(predictions(classifier.score, classifier.classes, blocks), total, console)
    if output is None:
        writer = WRITERS[chosen](sys.stdout.buffer, names)
        for frame in frames:
            writer.write(frame)
        return exit_codes.OK
    with writing(output, chosen, names) as writer:
        for frame in frames:
            writer.write(frame)
    say(console, f"wrote {output}")
    return exit_codes.OK


def _predict_folder(
    model: Path,
    cell: str,
    source: Path,
    column: str,
    target: Path | None,
    device: DeviceChoice,
    precision: PrecisionChoice,
    on_ray: bool,
    ray_address: str | None,
) -> int:
    """Label the Parquet files of a folder that have no output yet."""
    if target is None:
        raise UsageError(f"--input {str(source)!r} is a folder: name another one with --output")
    from benchmarks.inference.folder import Job, label_here
    from benchmarks.inference.saved import find_model, load_found
    from benchmarks.inference.writers import writing

    found = find_model(model, cell)
    job = Job(source.absolute(), target.absolute(), column, writing)
    names = job.waiting()
    if on_ray:
        from benchmarks.executors.places import check_ray

        check_ray()
        if is_sha256(found.saved.spec.model_plugin):
            raise UsageError("--executor 'ray' labels with built-in and installed models, and this one is a file's")
        from benchmarks.executors.ray import connect, resolve_runtime
        from benchmarks.executors.ray_predict import label_on_ray

        connect(ray_address)
        runtime = entry("models", found.saved.spec.model).runtime(resolve_runtime(device.value, precision.value))
        job.claim(found.folder)
        outcomes = label_on_ray(job, names, found, runtime) if names else iter(())
    else:
        classifier = load_found(found, device.value, precision.value)
        job.claim(found.folder)
        outcomes = label_here(job, names, classifier)
    console = Console(stderr=True)
    console.print(f"{found.folder} ({found.reason}); {len(names):,} files to label", markup=False, soft_wrap=True)
    failed = 0
    for number, outcome in enumerate(outcomes, start=1):
        failed += bool(outcome.error)
        said = outcome.error or f"{outcome.rows:,} texts"
        say(console, f"[{number}/{len(names)}] {outcome.name}: {said}")
    return exit_codes.CELLS_FAILED if failed else exit_codes.OK
