"""Installed libraries: which distribution brings which package."""

import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import packages_distributions


@cache
def distributions() -> Mapping[str, Sequence[str]]:
    """Return top-level package -> the distributions that bring it."""
    return packages_distributions()


def is_installed(package: str) -> bool:
    """Whether a top-level package is Python's own or an installed library's, and not a file of the user's."""
    return package in sys.stdlib_module_names or package in distributions()
