"""This project's errors: `BenchmarkError`, and below it `UsageError`, which ends a command with exit status 2."""

import difflib
import dis
import errno
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from benchmarks.redaction import shortened
from data.errors import BenchmarkError as BenchmarkError  # noqa: PLC0414  (this is where users find it)

LONGEST_MESSAGE = 1_000
LONGEST_VALUE = 300
LONGEST_REASON = 300
"""Characters."""

OUT_OF_MEMORY = ("DefaultCPUAllocator: can't allocate memory", "CUDA error: out of memory", "ALLOC_FAILED")
"""Parts of messages about memory that ran out, in errors without a type of their own: torch's on the CPU, and CUDA's
outside its allocator."""

OWN_PACKAGES = frozenset({"benchmarks", "data", "losses", "models", "reports"})


class UsageError(BenchmarkError):
    """Wrong usage or bad input; the message is one line that names the argument, the value and the choices.

    A program reads `train_size=0: must be positive`, and the command line shows the same as `--train-size 0: ...`.

    Attributes:
        option: Python name of the argument; empty where the message alone names it.
        value: of the argument.
        detail: the message without the argument.
        problems: one line each, where the message names several.
    """

    def __init__(self, detail: str, *, option: str = "", value: object = None, problems: Sequence[str] = ()) -> None:
        super().__init__(detail)
        self.option, self.value, self.detail = option, value, detail
        self.problems = tuple(problems) or (detail,)

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
    """Print an error on stderr in one line, wrapped between words on a terminal."""
    line = f"error: {shortened(message, LONGEST_MESSAGE)}"
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns
        line = textwrap.fill(line, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    print(line, file=sys.stderr)


def publishable(error: BaseException) -> str:
    """Return the part of an exception that a report may show: its type, and a message that quotes no text of the data.

    These are the messages of this project's own `raise` statements, of the operating system, and of memory that ran
    out. Those of libraries and plug-ins may quote anything; the cell's log has them.
    """
    kind = type(error).__name__
    sign = next((sign for sign in OUT_OF_MEMORY if sign in message_of(error)), "")
    if isinstance(error, OSError) and error.errno is not None:
        message = os.strerror(error.errno)
    elif isinstance(error, MemoryError) or kind == "OutOfMemoryError" or _is_own(error):
        message = first_line(error)
    else:
        message = sign
    return shortened(f"{kind}: {message}" if message else kind, LONGEST_REASON)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, of the device or of the host."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
        or getattr(error, "out_of_memory", False) is True  # of one of several processes
        or any(sign in message_of(error) for sign in OUT_OF_MEMORY)
    )


def first_line(error: BaseException) -> str:
    """Return the first line of an exception's message, shortened; it may have megabytes."""
    return shortened(message_of(error)[: 10 * LONGEST_REASON].strip().partition("\n")[0], LONGEST_REASON)


def message_of(error: BaseException) -> str:
    """Return the message of an exception; "" where a plug-in's own exception cannot say it."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001  (code of the plug-in)
        return ""


def _is_own(error: BaseException) -> bool:
    """Whether one of this project's `raise` statements raised an exception, rather than a library that it called."""
    if error.__traceback__ is None:  # it came from another machine
        return type(error).__module__.partition(".")[0] in OWN_PACKAGES
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    module = str(trace.tb_frame.f_globals.get("__name__"))
    last = trace.tb_frame.f_code.co_code[trace.tb_lasti]
    return module.partition(".")[0] in OWN_PACKAGES and dis.opname[last] == "RAISE_VARARGS"
