"""The command line: its commands, and how faults of its use are said."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.exceptions import TyperException

from benchmarks import __version__
from benchmarks.commands import exit_codes
from benchmarks.commands.authoring import check, new
from benchmarks.commands.compare import compare
from benchmarks.commands.doctor import doctor
from benchmarks.commands.explain import explain
from benchmarks.commands.explore import explore
from benchmarks.commands.export import export
from benchmarks.commands.list import list_
from benchmarks.commands.performance import peers, scaling
from benchmarks.commands.predict import predict
from benchmarks.commands.report import report
from benchmarks.commands.run import run
from benchmarks.errors import UsageError, complain
from benchmarks.hardware.origin import check_origin

SPREADING = ("--models", "--losses", "--set")
"""Options that take every word up to the next option: `--models lstm "tfidf*"`."""

app = typer.Typer(
    name="benchmarks",
    help="Baseline benchmarks for text classification: models x losses under one harness, with honest tables.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in (run, list_, report, compare, explore, predict, explain, export, new, check, peers, scaling, doctor):
    app.command(command.__name__.rstrip("_"))(command)


def main() -> None:
    """Run the command line and exit.

    0: ok; 1: `compare` found a loss; 2: wrong usage or bad input; 3: some cells failed; 130: interrupted.
    """
    try:
        check_origin()
        _check_text(sys.argv)
        status = app(args=spread(sys.argv[1:]), standalone_mode=False)
    except UsageError as error:
        complain(str(error))
        status = exit_codes.USAGE
    except TyperException as error:
        complain(error.format_message())
        status = exit_codes.USAGE
    except KeyboardInterrupt:
        status = exit_codes.INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        status = exit_codes.OK
    sys.exit(status)


def spread(arguments: Sequence[str]) -> list[str]:
    """`--models a b` as `--models a --models b`, which is what the parser understands."""
    result: list[str] = []
    option = ""
    for argument in arguments:
        if argument.startswith("-"):
            option = argument if argument in SPREADING else ""
        elif option and result[-1] != option:
            result.append(option)
        result.append(argument)
    return result


def _check_text(arguments: Sequence[str]) -> None:
    """Results are UTF-8: what is not text could be neither recorded nor shown."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise UsageError(f"argument {argument!r} is not UTF-8") from None


def _version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Baseline benchmarks for text classification: models x losses under one harness, with honest tables."""
