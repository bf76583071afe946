"""Options that several commands share, and how their texts are read."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.errors import UsageError
from benchmarks.redaction import shortened
from benchmarks.registry.entries import add_plugin


class DeviceChoice(StrEnum):
    """Values of --device."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class PrecisionChoice(StrEnum):
    """Values of --precision."""

    AUTO = "auto"
    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"


class ExecutorChoice(StrEnum):
    """Values of --executor."""

    LOCAL = "local"
    RAY = "ray"


class TrackerChoice(StrEnum):
    """Values of --track."""

    TENSORBOARD = "tensorboard"
    MLFLOW = "mlflow"
    WANDB = "wandb"


Device = Annotated[DeviceChoice, typer.Option(help="Where torch models run.")]
Precision = Annotated[PrecisionChoice, typer.Option(help="Of matrix products in torch models.")]
ExecutorOption = Annotated[ExecutorChoice, typer.Option("--executor", help="ray: on the machines of a cluster.")]
RayAddress = Annotated[
    str | None, typer.Option(metavar="ADDR", help="Of the Ray cluster; default: RAY_ADDRESS, or this machine's.")
]
Tracker = Annotated[TrackerChoice | None, typer.Option("--track", help="Write the results for this tracker, too.")]
Price = Annotated[
    float | None, typer.Option("--price-per-hour", metavar="PRICE", help="Of this machine: the report adds prices.")
]
Plugins = Annotated[
    list[Path] | None,
    typer.Option("--plugin", metavar="FILE.py", help="A model, a loss or a dataset of your own; repeatable."),
]
TrainedModel = Annotated[Path, typer.Argument(metavar="RUN_OR_MODEL", help="A results, a cell's or a model's folder.")]
CellOption = Annotated[
    str, typer.Option("--cell", metavar="GLOB", help="The best of these cells of a run, as `lstm-*`.")
]
Source = Annotated[str, typer.Option("--dataset", metavar="NAME|PATH", help="Where texts come from.")]


def add_plugins(plugins: Sequence[Path] | None) -> None:
    """Register the plug-ins that were named, as if they were built in."""
    for path in plugins or ():
        add_plugin(path)


def words(values: Sequence[str] | None) -> list[str] | None:
    """`a,b c` and `a b c` are the same three words."""
    return [word for value in values for word in value.split(",")] if values else None


def natural(option: str, text: str, least: int, most: int) -> int:
    """The whole number from `least` to `most` that `text` says, or a UsageError that names the option."""
    if not text.isdecimal() or len(text) > len(str(most)) or not least <= int(text) <= most:
        raise UsageError(f"{option} {shortened(text)!r} is not a whole number (choices: {least} to {most})")
    return int(text)


def settings(texts: Sequence[str] | None) -> dict[str, list[Any]]:
    """`lstm.epochs=1,2` as `{"lstm.epochs": ["1", "2"]}`, or a UsageError."""
    settings: dict[str, list[Any]] = {}
    for text in texts or ():
        key, equals, value = text.partition("=")
        if not equals or not value:
            raise UsageError(f"--set {shortened(text)!r} is not of the form NAME.PARAMETER=VALUE[,VALUE..]")
        settings[key] = value.split(",")
    return settings


def checked_price(price: float | None) -> float | None:
    """The price of an hour, or a UsageError where it is none."""
    if price is not None and not 0 < price < float("inf"):
        raise UsageError(f"--price-per-hour {price} is not a price (choices: a number above 0)")
    return price
