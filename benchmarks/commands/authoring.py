"""`new` and `check`: a model, a loss or a dataset of one's own."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.commands import exit_codes
from benchmarks.commands.options import settings


def new(
    kind: Annotated[str, typer.Argument(metavar="model|loss|dataset")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is registered as.")],
    folder: Annotated[Path, typer.Option(metavar="DIR", help="Where to write it.")] = Path(),
) -> int:
    """Write a model, a loss or a dataset that works as it is, to begin with, and its test.

    Examples: `python -m benchmarks new model my_model` · `python -m benchmarks new loss my_loss --folder mine`
    """
    from benchmarks.registry.scaffolding import write_template

    path, test = write_template(kind, name, folder)
    example = f"--dataset {name}" if kind == "dataset" else f"--{'models' if kind == 'model' else 'losses'} {name}"
    print(f"wrote {path} and {test}; next: python -m benchmarks check {path}")
    print(f"then: python -m benchmarks run --plugin {path} {example} --suite smoke")
    return exit_codes.OK


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE.py", help="A plug-in.")],
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME.PARAM=VALUE", help="What makes it small.")
    ] = None,
) -> int:
    """Check that a model, a loss or a dataset of your own does what the suite relies on.

    Examples: `python -m benchmarks check my_model.py` ·
    `python -m benchmarks check my_model.py --set my_model.epochs=1`
    """
    from benchmarks.registry.scaffolding import check_plugin

    console = Console()
    failed = False
    for finding in check_plugin(file, settings(set_)):
        line = f"{'FAIL' if finding.fault else 'ok  '} {finding.name}: {finding.check}"
        console.print(f"{line}: {finding.fault}" if finding.fault else line, markup=False, soft_wrap=True)
        failed |= bool(finding.fault)
    return exit_codes.WORSE if failed else exit_codes.OK
