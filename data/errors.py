"""The base of this project's errors; the error that unusable data raises, and how it names options."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

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

    Attributes:
        problems: one line each, where the message names several.
    """

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems) or (message,)


class Problems:
    """All that is wrong with some data, so that a user learns it in one round."""

    def __init__(self) -> None:
        self.found: list[str] = []

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note the error that ends the block, and go on."""
        try:
            yield
        except DataError as error:
            self.found += error.problems

    def raise_any(self) -> None:
        """Raise everything that was noted.

        Raises:
            DataError: anything was.
        """
        found = list(dict.fromkeys(self.found))
        if found:
            raise DataError("; ".join(found), found)


def respelt(message: str, option: Callable[[str], str]) -> str:
    """Return a message with each option in backticks as `option` spells it: `label_column` as `--label-column`."""
    return NAMED.sub(lambda found: option(found[1]), message)
