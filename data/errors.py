"""The base of this project's errors; the error that unusable data raises, and how it names options."""

import re
from collections.abc import Callable

OPTIONS = frozenset(
    {
        "text_column",
        "label_column",
        "group_column",
        "time_column",
        "label_map",
        "splits",
        "missing",
        "split_order",
        "valid_size",
        "test_size",
        "dataset",
    }
)
"""Options that a message may name."""

NAMED = re.compile(rf"`({'|'.join(sorted(OPTIONS))})`")


class BenchmarkError(Exception):
    """Base of the errors that this project raises on purpose; the message is one line for a user.

    It is defined in the package that imports no other; `benchmarks.errors` is the place to import it from.
    """


class DataError(BenchmarkError, ValueError):
    """Unusable data.

    The message is one line: which data, what is wrong, and the cure. It names options by their Python names in
    backticks, as `label_column`, since this package knows no command line; `respelt` gives them another spelling.
    """


def respelt(message: str, option: Callable[[str], str]) -> str:
    """Return a message with each option in backticks as `option` spells it: `label_column` as `--label-column`."""
    return NAMED.sub(lambda found: option(found[1]), message)
