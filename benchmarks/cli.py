"""The command line: its commands, its errors and its exit statuses."""

import errno
import gc
import os
import select
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Annotated, TextIO

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from benchmarks import __version__
from benchmarks.commands.authoring import check, new
from benchmarks.commands.compare import compare
from benchmarks.commands.doctor import doctor
from benchmarks.commands.exit_status import ExitStatus
from benchmarks.commands.explain import explain
from benchmarks.commands.explore import explore
from benchmarks.commands.export import export
from benchmarks.commands.leaderboard import leaderboard
from benchmarks.commands.list import list_
from benchmarks.commands.load_test import load_test
from benchmarks.commands.parsing import SpreadingCommand, usage_message
from benchmarks.commands.performance import peers, scaling
from benchmarks.commands.predict import predict
from benchmarks.commands.printing import discard
from benchmarks.commands.recommend import recommend
from benchmarks.commands.report import report
from benchmarks.commands.run import run
from benchmarks.commands.signature import flattened
from benchmarks.errors import UsageError, complain
from benchmarks.hardware.origin import check_origin
from benchmarks.store.files import StoreError, WriteError
from data.errors import respelt

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}
"""Errors of a write that say that the output has no room, not that the program is wrong."""

COMPLETION = "_BENCHMARKS_COMPLETE"
"""Environment variable by which a shell asks for completions."""

FLAGS = {"cells": "--cell", "plugins": "--plugin"}
"""Flags that differ from the Python name of the argument."""

SUMMARY = (
    "Baseline benchmarks for text classification: models x losses under one harness, with an interval on every figure."
)

app = typer.Typer(
    name="benchmarks",
    help=SUMMARY,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in (
    run,
    list_,
    recommend,
    leaderboard,
    report,
    compare,
    explore,
    predict,
    load_test,
    explain,
    export,
    new,
    check,
    peers,
    scaling,
    doctor,
):
    app.command(command.__name__.rstrip("_").replace("_", "-"), cls=SpreadingCommand)(flattened(command))


def main() -> None:
    """Run the command line and exit; see `ExitStatus`."""
    _repair_streams()
    _interrupt_on_signals()
    try:
        status = _run(sys.argv)
        sys.stdout.flush()
    except (KeyboardInterrupt, typer.Abort):
        print("interrupted", file=sys.stderr)
        status = ExitStatus.INTERRUPTED
    except BrokenPipeError:
        if not _reader_is_gone(sys.stdout):  # another pipe broke: a fault of this program
            raise
        discard(sys.stdout)
        status = ExitStatus.OUTPUT_CLOSED
    except OSError as error:
        if error.errno not in FULL:
            raise
        discard(sys.stdout)
        complain(f"the output cannot be written: {error.strerror}")
        status = ExitStatus.INCOMPLETE
    gc.freeze()  # or the interpreter would search half a million objects for cycles, which takes two seconds
    sys.exit(status)


def _flag(option: str) -> str:
    """Return how the command line spells an argument."""
    return FLAGS.get(option, f"--{option.replace('_', '-')}")


def _run(arguments: Sequence[str]) -> int:
    """Run a command; usage errors become one line on stderr."""
    try:
        check_origin()
        _check_encoding(arguments)
        return _invoke(arguments)
    except UsageError as error:
        complain(respelt(error.named(f"{_flag(error.option)} "), _flag))
    except TyperException as error:
        complain(usage_message(error))
    except WriteError as error:
        complain(str(error))
        return ExitStatus.INCOMPLETE
    except StoreError as error:
        complain(str(error))
    return ExitStatus.USAGE


def _invoke(arguments: Sequence[str]) -> int:
    """Parse the arguments and run the command, without typer's own handling of broken pipes and Ctrl-C."""
    if COMPLETION in os.environ:
        app(prog_name="benchmarks")  # prints completions and exits
    name = "python -m benchmarks" if arguments[0].endswith("__main__.py") else "benchmarks"
    command = get_command(app)
    try:
        with command.make_context(name, list(arguments[1:])) as context:
            return int(command.invoke(context) or ExitStatus.OK)
    except typer.Exit as ended:
        return ended.exit_code


def _repair_streams() -> None:
    """Open closed standard streams on /dev/null, and let no character that a stream cannot encode end the program."""
    for descriptor, mode in enumerate(("r", "w", "w")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
        name = ("stdin", "stdout", "stderr")[descriptor]
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(descriptor, mode, encoding="utf-8", closefd=False))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace" if stream is sys.stderr else "replace")


def _interrupt_on_signals() -> None:
    """Let SIGTERM and SIGHUP end the program as Ctrl-C does, so that temporary files are removed."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt(f"stopped by {signal.Signals(number).name}")

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:  # `nohup` ignores them, and that stays so
            signal.signal(number, interrupt)


def _reader_is_gone(stream: TextIO) -> bool:
    """Whether nobody reads the pipe that a stream writes to."""
    poll = select.poll()
    poll.register(stream.fileno(), 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _check_encoding(arguments: Sequence[str]) -> None:
    """Refuse arguments that are not UTF-8: results, which are, could not record them."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise UsageError(f"argument {argument!r} is not UTF-8") from None


def _print_version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())
