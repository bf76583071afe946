"""Versions of the installed libraries that compute something of a cell's result."""

import unicodedata
from importlib.metadata import version

from benchmarks.registry.code_version import PACKAGES, imported_packages
from benchmarks.registry.installed import distributions

COMPUTE_NOTHING = frozenset({"httpx2", "huggingface_hub", "pandas", "psutil", "pydantic", "safetensors", "skops"})
"""Packages that the code imports to read, write, check, fetch or explain; no prediction depends on their versions."""

OWN = PACKAGES | {"benchmarks"}
"""This project's packages, for which `code_version` speaks: a release by itself makes no new cell."""


def libraries(model: str, loss: str) -> dict[str, str]:
    """Return distribution -> version for the libraries that the code of a model and a loss computes with.

    They are those that `code_version`'s modules import, a plug-in's included. "unicode" is the version of Python's
    Unicode tables, on which it depends what a word is.

    Raises:
        UsageError: no such model or loss, or its module cannot be found.
    """
    packages = imported_packages(model, loss) - COMPUTE_NOTHING - OWN
    names = {name for package in packages for name in distributions().get(package, ())}
    return {"unicode": unicodedata.unidata_version} | {name: version(name) for name in sorted(names)}
