"""Which code decided a result, so that what an edited checkout would find is never taken from an earlier run."""

import ast
import hashlib
import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from benchmarks import __version__
from benchmarks.registry import entry

HARNESS = ("benchmarks.execution", "benchmarks.ranks", "benchmarks.audits", "benchmarks.clock", "benchmarks.memory")
"""What of the harness decides a result; the rest plans, runs, stores and reports cells."""

PACKAGES = frozenset({"models", "losses", "data"})


@cache
def code_version(model: str, loss: str) -> str:
    """The version of the suite, and a digest of the source of everything that decides a cell's result.

    That is the modules of the model and of the loss, those of the harness that train and measure, and what these import
    from `models`, `losses`, `data` or the package that the model or the loss comes from. Installed libraries are not
    among them: the report says where their versions differ.

    Raises:
        UsageError: there is no such model or loss, or its module cannot be found.
    """
    named = {entry("models", model).target.partition(":")[0], entry("losses", loss).target.partition(":")[0]}
    packages = PACKAGES | {module.partition(".")[0] for module in named}
    digest = hashlib.sha256()
    for module in sorted(_closure({*named, *HARNESS}, packages)):
        digest.update(f"{module}\n".encode())
        digest.update(_source(module) or b"")
    return f"{__version__}+{digest.hexdigest()[:12]}"


def _closure(modules: set[str], packages: frozenset[str]) -> set[str]:
    """`modules` and all that they import, directly or not, from `packages`."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in found and _source(module) is not None:
            found.add(module)
            waiting += _imported(module, packages)
    return found


@cache
def _source(module: str) -> bytes | None:
    """The module's source; None for what is no module, or has no source."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    return Path(spec.origin).read_bytes()


def _is_package(module: str) -> bool:
    spec = importlib.util.find_spec(module)
    return spec is not None and spec.submodule_search_locations is not None


@cache
def _imported(module: str, packages: frozenset[str]) -> frozenset[str]:
    """The modules of `packages` that the module imports, anywhere in it, and the packages that they lie in."""
    package = module if _is_package(module) else module.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(ast.parse(_source(module) or b"")):
        if isinstance(node, ast.Import):
            found.update(name for alias in node.names for name in _with_parents(alias.name))
        elif isinstance(node, ast.ImportFrom):
            base = importlib.util.resolve_name("." * node.level + (node.module or ""), package or None)
            found.update(_with_parents(base))
            # What is no package has no submodules, and to look for one would import it.
            if base.partition(".")[0] in packages and _is_package(base):
                found.update(f"{base}.{alias.name}" for alias in node.names)
    return frozenset(name for name in found if name.partition(".")[0] in packages)


def _with_parents(module: str) -> Iterator[str]:
    parts = module.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts) + 1))
