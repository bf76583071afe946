"""Exit statuses, as scripts see them."""

from enum import IntEnum


class ExitStatus(IntEnum):
    """Exit status of a command.

    Attributes:
        OK: everything that was asked for is done.
        CHECK_FAILED: `compare` found a loss beyond its limits, `check` a fault, or `recommend` no model.
        USAGE: wrong usage or bad input; nothing was written.
        INCOMPLETE: some cells failed, or the output could not be written.
        INTERRUPTED: Ctrl-C, SIGTERM or SIGHUP.
        OUTPUT_CLOSED: the reader of the output closed the pipe, as `| head` does; the shell's number for SIGPIPE.
    """

    OK = 0
    CHECK_FAILED = 1
    USAGE = 2
    INCOMPLETE = 3
    INTERRUPTED = 130
    OUTPUT_CLOSED = 141
