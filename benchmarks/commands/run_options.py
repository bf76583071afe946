"""Options of `run` that say how cells run and where results go."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.commands.options import Margin, Price, Tracker, split_words
from benchmarks.config.suite import Suite
from benchmarks.errors import UsageError
from benchmarks.schema.measurements import Measure


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
    cascades: Annotated[
        bool | None,
        typer.Option(
            "--cascades/--no-cascades",
            help="Also join cheap models with costlier ones, which get the texts that they are least sure of. "
            "Default: the suite's setting.",
        ),
    ] = None
    cascade_stages: Annotated[
        int | None, typer.Option(min=2, max=3, metavar="N", help="Models in a cascade, at most: 2 or 3.")
    ] = None
    engines: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME..",
            help="Also serve each trained network by these libraries, such as openvino onnxruntime, or '*'.",
        ),
    ] = None

    def measured(self, own: Measure) -> Measure:
        """Return the suite's settings of measurements with the engines that were asked for."""
        names = split_words(self.engines)
        return own if names is None else own.model_copy(update={"engines": tuple(names)})

    def joined(self, suite: Suite, *, on_ray: bool) -> dict[str, bool | int]:
        """Return the suite's settings of cascades, as these options change them.

        Raises:
            UsageError: they ask for cascades on a cluster.
        """
        if self.cascades and on_ray:
            raise UsageError("--cascades runs on this machine, and cannot be combined with --executor ray")
        wanted = suite.cascades if self.cascades is None else self.cascades
        return {"cascades": wanted and not on_ray, "cascade_stages": self.cascade_stages or suite.cascade_stages}


class MetricChoice(StrEnum):
    """Values of --metric."""

    ACCURACY = "accuracy"
    MACRO_F1 = "macro_f1"
    BALANCED_ACCURACY = "balanced_accuracy"
    AVERAGE_PRECISION = "average_precision"
    LOG_LOSS = "log_loss"
    COST = "cost"


@dataclass(frozen=True)
class MetricOptions:
    """What models are selected by on validation, and ranked and tested by; None keeps the suite's setting."""

    metric: Annotated[
        MetricChoice | None, typer.Option(help="Select, rank and test models by this metric. Default: accuracy.")
    ] = None
    cost_matrix: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv", help="Cost of each predicted class (columns) for each label (rows), for --metric cost."
        ),
    ] = None

    def changes(self) -> dict[str, str]:
        """Return the keys of a suite that these options set."""
        given = {"metric": self.metric, "cost_matrix": self.cost_matrix}
        return {name: str(value) for name, value in given.items() if value is not None}


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
    margin: Margin = None
    track: Tracker = None
    log_json: Annotated[
        bool, typer.Option("--log-json", help="Write events to stdout as JSON lines, and the rest to stderr.")
    ] = False
