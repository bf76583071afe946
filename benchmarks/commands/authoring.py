"""`new` and `check`: models, losses and datasets of your own."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.commands.exit_status import ExitStatus
from benchmarks.commands.options import parse_settings
from benchmarks.commands.printing import PipeConsole, print_line
from benchmarks.commands.suggestion import COMMAND, as_typed


class TemplateChoice(StrEnum):
    """Values of --template."""

    WORDS = "words"
    SKLEARN = "sklearn"
    HUGGINGFACE = "huggingface"


def new(
    kind: Annotated[str, typer.Argument(metavar="model|loss|dataset", help="Kind of the template.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name to register it under.")],
    template: Annotated[
        TemplateChoice,
        typer.Option(help="Model to begin with: a torch network over words, a scikit-learn pipeline, or an encoder."),
    ] = TemplateChoice.WORDS,
    folder: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write the two files to.")] = Path(),
) -> int:
    """Write a template of a model, loss or dataset.

    Examples: `python -m benchmarks new model my_model` ·
    `python -m benchmarks new model my_model --template sklearn` ·
    `python -m benchmarks new loss my_loss --folder mine`
    """
    from benchmarks.registry.scaffolding import write_template

    path, test = write_template(kind, name, folder, template.value)
    option = {"dataset": "--dataset", "model": "--models", "loss": "--losses"}
    example = [option[kind], name]
    print(f"wrote {path} and {test}")
    width = PipeConsole().width
    print(f"check it:\n{as_typed(['python', '-m', 'benchmarks', 'check', str(path)], width)}")
    words = [*COMMAND, "--plugin", str(path), *example, "--suite", "smoke"]
    print(f"run it:\n{as_typed(words, width)}")
    return ExitStatus.OK


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE.py", help="Plug-in to check.")],
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME.PARAM=VALUE", help="Set a parameter, to make a model small; repeatable."),
    ] = None,
) -> int:
    """Check a model, loss or dataset of your own.

    Runs the checks that every registered class of its kind has to pass.

    Examples: `python -m benchmarks check my_model.py` ·
    `python -m benchmarks check my_model.py --set my_model.epochs=1`
    """
    from benchmarks.registry.scaffolding import check_plugin

    console = PipeConsole()
    failed = False
    for finding in check_plugin(file, parse_settings(set_)):
        line = f"{'FAIL' if finding.fault else 'ok  '} {finding.name}: {finding.check}"
        print_line(console, f"{line}: {finding.fault}" if finding.fault else line)
        failed |= bool(finding.fault)
    return ExitStatus.CHECK_FAILED if failed else ExitStatus.OK
