"""Consoles, and lines printed as they are."""

import os
import sys
import textwrap
from typing import TextIO

from rich.console import Console
from rich.text import Text

from benchmarks.commands.exit_status import ExitStatus


class PipeConsole(Console):
    """A console that ends the program quietly when the reader of its output closes the pipe."""

    def on_broken_pipe(self) -> None:
        """Drop the rest of the output, and exit as a program does that SIGPIPE ends."""
        self.quiet = True
        discard(sys.stdout)
        raise SystemExit(ExitStatus.OUTPUT_CLOSED)


def discard(stream: TextIO) -> None:
    """Redirect a stream to /dev/null."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, stream.fileno())
    os.close(devnull)


def print_line(console: Console, line: str) -> None:
    """Print a line without markup, colours or line breaks."""
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def print_wrapped(console: Console, text: str, indent: str = "", style: str = "") -> None:
    """Print a text without markup, wrapped at the width of the console; continuation lines are indented further."""
    lines = textwrap.wrap(
        text,
        width=console.width,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in lines:
        console.print(Text(line, style=style), soft_wrap=True)


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: "1 cell", "1,200 cells"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
