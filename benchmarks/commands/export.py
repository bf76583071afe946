"""`export`: a trained model for others."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.commands import exit_codes
from benchmarks.commands.options import CellOption, Plugins, TrainedModel, add_plugins
from benchmarks.commands.saying import say


class TargetChoice(StrEnum):
    """Values of export's --to."""

    HUGGINGFACE = "huggingface"
    ONNX = "onnx"


def export(
    model: TrainedModel,
    output: Annotated[Path, typer.Option(metavar="DIR", help="A folder that is not there yet.")],
    to: Annotated[TargetChoice, typer.Option(help="What is to load it.")] = TargetChoice.HUGGINGFACE,
    cell: CellOption = "*",
    plugin: Plugins = None,
) -> int:
    """Write a trained model for others: a folder that transformers' pipelines load, with a model card; or ONNX.

    Examples: `python -m benchmarks export results/quick --cell 'distilbert-*' --output distilbert-imdb` ·
    `python -m benchmarks export results/quick/cells/CELL --to huggingface --output my-model`
    """
    add_plugins(plugin)

    from benchmarks.inference.export import caution, to_huggingface, to_onnx
    from benchmarks.inference.saved import find_model, load_found

    found = find_model(model, cell)
    console = Console(stderr=True)
    say(console, f"{found.folder} ({found.reason})")
    export_to = to_onnx if to is TargetChoice.ONNX else to_huggingface
    export_to(found, load_found(found, "cpu", "fp32"), output)
    say(console, f"wrote {output}")
    if export_to is to_huggingface and (said := caution(found.saved.spec)):
        say(console, said)
    return exit_codes.OK
