"""Options that several commands share, and how their values are parsed."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.config.suite import margin_points
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


Tracker = Annotated[
    TrackerChoice | None, typer.Option("--track", help="Also write the results for this experiment tracker.")
]
Price = Annotated[
    float | None,
    typer.Option("--price-per-hour", metavar="PRICE", help="Price of this machine per hour; adds costs to the report."),
]
Margin = Annotated[
    str | None,
    typer.Option(
        metavar="POINTSpp",
        help="Difference in accuracy that does not matter, such as 0.5pp; lets the report say 'equal within'.",
    ),
]
Plugins = Annotated[
    list[Path] | None,
    typer.Option("--plugin", metavar="FILE.py", help="Python file that defines models, losses or datasets."),
]
EngineOption = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="NAME",
        help="Library that runs the network, such as openvino. Default: the fastest exact one measured with it here.",
    ),
]
Source = Annotated[str, typer.Option("--dataset", metavar="NAME|PATH", help="Dataset to use.")]


@dataclass(frozen=True)
class DeviceOptions:
    """Device and precision of the models."""

    device: Annotated[DeviceChoice, typer.Option(help="Device of torch models.")] = DeviceChoice.AUTO
    precision: Annotated[PrecisionChoice, typer.Option(help="Precision of matrix products in torch models.")] = (
        PrecisionChoice.AUTO
    )


@dataclass(frozen=True)
class ExecutorOptions:
    """Where cells run: this machine or a Ray cluster."""

    executor: Annotated[
        ExecutorChoice, typer.Option(help="local runs on this machine, ray on the machines of a Ray cluster.")
    ] = ExecutorChoice.LOCAL
    ray_address: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Ray cluster to join. Default: RAY_ADDRESS, else one on this machine."),
    ] = None

    @property
    def on_ray(self) -> bool:
        """Whether Ray does the work."""
        return self.executor is ExecutorChoice.RAY


def add_plugins(plugins: Sequence[Path] | None) -> None:
    """Register everything that the named files define.

    Raises:
        UsageError: a file cannot be used as a plug-in.
    """
    for path in plugins or ():
        add_plugin(path)


def split_words(values: Sequence[str] | None) -> list[str] | None:
    """Split values at commas: `a,b c` and `a b c` are the same three names."""
    return [word for value in values for word in value.split(",")] if values else None


def parse_count(option: str, text: str, least: int, most: int) -> int:
    """Parse a whole number from `least` to `most`.

    Raises:
        UsageError: the text is not such a number; the message names the option.
    """
    if not text.isdecimal() or len(text) > len(str(most)) or not least <= int(text) <= most:
        raise UsageError(f"{option} {shortened(text)!r} is not a whole number (choices: {least} to {most})")
    return int(text)


def parse_settings(texts: Sequence[str] | None) -> dict[str, list[Any]]:
    """Parse `lstm.epochs=1,2` into `{"lstm.epochs": ["1", "2"]}`.

    Raises:
        UsageError: a text is not of the form NAME.PARAMETER=VALUE.
    """
    settings: dict[str, list[Any]] = {}
    for text in texts or ():
        key, equals, value = text.partition("=")
        if not equals or not value:
            raise UsageError(f"--set {shortened(text)!r} is not of the form NAME.PARAMETER=VALUE[,VALUE..]")
        settings[key] = value.split(",")
    return settings


def parse_margin(text: str | None) -> float | None:
    """Parse a margin of equality, such as "0.5pp", into points.

    Raises:
        UsageError: it is none.
    """
    if text is None:
        return None
    try:
        return margin_points(text)
    except ValueError as error:
        raise UsageError(str(error), option="margin", value=text) from None


def check_price(price: float | None) -> None:
    """Refuse a price per hour that is not a positive number.

    Raises:
        UsageError: it is not.
    """
    if price is not None and not 0 < price < float("inf"):
        raise UsageError(f"--price-per-hour {price} is not a price (choices: a number above 0)")
