"""The one error that ends a command with a line on stderr and exit status 2."""

import difflib
import sys
from collections.abc import Iterable
from pathlib import PurePath

from benchmarks.redaction import shortened

LONGEST_MESSAGE = 1_000
LONGEST_VALUE = 300
"""Characters."""


class UsageError(Exception):
    """Wrong usage or bad input; the message is one line that names the argument, the value and the choices.

    A program reads `train_size=0: must be positive`, and the command line shows the same as `--train-size 0: ...`.

    Attributes:
        option: Python name of the argument; empty where the message alone names it.
        value: of the argument.
        detail: the message without the argument.
    """

    def __init__(self, detail: str, *, option: str = "", value: object = None) -> None:
        super().__init__(detail)
        self.option, self.value, self.detail = option, value, detail

    def __str__(self) -> str:
        return self.named(f"{self.option}=")

    def named(self, argument: str) -> str:
        """The message, with the argument as `argument` writes it before its value."""
        value = str(self.value) if isinstance(self.value, PurePath) else self.value
        return f"{argument}{shortened(repr(value), LONGEST_VALUE)}: {self.detail}" if self.option else self.detail


def unknown(what: str, name: str, choices: Iterable[str]) -> UsageError:
    """The error for a name that is not among `choices`; it names the nearest one."""
    known = sorted(choices)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return UsageError(f"unknown {what} {shortened(name)!r}{hint} (choices: {', '.join(known) or 'none'})")


def complain(message: str) -> None:
    """Print what went wrong, in one line on stderr."""
    print(f"error: {shortened(message, LONGEST_MESSAGE)}", file=sys.stderr)
