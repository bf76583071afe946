"""The one error that ends a command with a line on stderr and exit status 2."""

import difflib
import sys
from collections.abc import Iterable

from benchmarks.redaction import shortened

LONGEST_MESSAGE = 1_000
"""Characters."""


class UsageError(Exception):
    """Wrong usage or bad input; the message is one line that names the argument, the value and the choices."""


def unknown(what: str, name: str, choices: Iterable[str]) -> UsageError:
    """The error for a name that is not among `choices`; it names the nearest one."""
    known = sorted(choices)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return UsageError(f"unknown {what} {shortened(name)!r}{hint} (choices: {', '.join(known) or 'none'})")


def complain(message: str) -> None:
    """Print what went wrong, in one line on stderr."""
    print(f"error: {shortened(message, LONGEST_MESSAGE)}", file=sys.stderr)
