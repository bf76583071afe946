"""`export`: a trained model for other software."""

import logging
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.commands.exit_status import ExitStatus
from benchmarks.commands.model_options import ModelOptions

log = logging.getLogger(__package__)


class TargetChoice(StrEnum):
    """Values of export's --to."""

    HUGGINGFACE = "huggingface"
    ONNX = "onnx"
    FOLDER = "folder"


def export(
    model: ModelOptions,
    output: Annotated[Path, typer.Option(metavar="DIR", help="Folder to create.")],
    to: Annotated[
        TargetChoice,
        typer.Option(
            help="Format: a folder for transformers' pipelines, an ONNX network, or a folder for predict, load_model."
        ),
    ] = TargetChoice.HUGGINGFACE,
) -> int:
    """Export a trained model.

    The export is a folder for transformers' pipelines, an ONNX network that maps input_ids and attention_mask (int64)
    to logits, or a folder for predict and load_model, which any model can be exported to, also a cascade. Of a run, the
    model is the best one on validation, by accuracy or the run's `--metric`, among those that can be exported.

    Examples: `python -m benchmarks export results/quick --output my-model` ·
    `python -m benchmarks export results/quick --cell "lstm-*" --to onnx --output my-model` ·
    `python -m benchmarks export results/quick --cell "nbsvm_to_*" --to folder --output my-cascade`
    """
    from benchmarks.inference.export import can_export, pipeline_caveat, to_folder, to_huggingface, to_onnx

    found = model.find(partial(can_export, target=to.value), f"can be exported to {to.value}")
    classifier = found.load("cpu", "fp32")
    if to is TargetChoice.FOLDER:
        to_folder(found, output)
    elif to is TargetChoice.ONNX:
        to_onnx(found, classifier, output)
    else:
        to_huggingface(found, classifier, output)
        if caveat := pipeline_caveat(found.saved.spec):
            log.warning(caveat)
    log.info("wrote %s", output)
    return ExitStatus.OK
