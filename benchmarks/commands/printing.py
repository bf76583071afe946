"""Consoles, and lines printed as they are."""

import os
import sys
from typing import TextIO

from rich.console import Console

from benchmarks.commands.exit_status import ExitStatus


class ClosedPipeError(Exception):
    """A pipe that this program writes to has no reader any more; its cause is the BrokenPipeError."""


class PipeConsole(Console):
    """A console that ends the program quietly when the reader of its output closes the pipe."""

    def on_broken_pipe(self) -> None:
        """Drop the rest of the output, and exit as a program does that SIGPIPE ends."""
        self.quiet = True
        discard(sys.stdout)
        raise SystemExit(ExitStatus.OUTPUT_CLOSED)


def discard(stream: TextIO) -> None:
    """Send whatever is still written to a stream to /dev/null."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, stream.fileno())
    os.close(devnull)


def print_line(console: Console, line: str) -> None:
    """Print a line without markup, colours or line breaks."""
    console.print(line, markup=False, highlight=False, soft_wrap=True)
