"""Names of arguments in the errors of the Python interface."""

from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.errors import UsageError
from data.errors import respelt

ARGUMENTS = {"dataset": "data", "set": "settings", "train_size": "train_sizes"}
"""Option of the command line -> argument of `benchmarks.run`, where they differ."""


@contextmanager
def named_as_arguments() -> Iterator[None]:
    """Name arguments as `benchmarks.run` does in the usage errors of the block.

    Raises:
        UsageError: of the block, with the names of arguments in place of options.
    """
    try:
        yield
    except UsageError as error:
        error.option, error.detail = _argument(error.option), respelt(error.detail, lambda name: f"`{_argument(name)}`")
        raise


def _argument(option: str) -> str:
    return ARGUMENTS.get(option, option)
