"""Content address of the code that decides a cell's result; no edit of docstrings or comments changes it."""

import ast
import copy
import hashlib
import importlib.util
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from importlib.abc import InspectLoader

from benchmarks.registry import entries
from benchmarks.registry.entries import entry
from benchmarks.registry.installed import is_installed
from benchmarks.registry.names import BUILT_IN

HARNESS = (
    "benchmarks.cells.audits",
    "benchmarks.cells.calibrating",
    "benchmarks.cells.checkpoint",
    "benchmarks.cells.distributed",
    "benchmarks.cells.fitting",
    "benchmarks.cells.metrics",
    "benchmarks.cells.monitor",
    "benchmarks.cells.preparation",
    "benchmarks.cells.run_cell",
    "benchmarks.cells.scores",
    "benchmarks.cells.trial",
)
"""Modules of the harness that decide predictions, metrics or verdicts of audits."""

MEASURING = (
    "benchmarks.cells.cascades",
    "benchmarks.cells.remeasuring",
    "benchmarks.cells.serving",
    "benchmarks.cells.thresholds",
    "benchmarks.cells.timing",
)
"""Modules of `benchmarks.cells` that measure trained models: an edit makes no new cell, but for `DECIDING`."""

DECIDING = (
    ("benchmarks.cells.timing", "Half"),
    ("benchmarks.cells.timing", "Scored"),
    ("benchmarks.cells.timing", "halved"),
    ("benchmarks.cells.timing", "score_half"),
    ("benchmarks.cells.timing", "score_test_set"),
    ("benchmarks.measurement.chance", "above_majority"),
    ("benchmarks.schema.confidence", "tempered"),
)
"""Module and name of single definitions that decide a result among others that do not."""

PACKAGES = frozenset({"models", "losses", "data"})


def code_version(model: str, loss: str) -> str:
    """Return a digest of the code that decides a cell's result; a release by itself changes nothing.

    The code is every top-level statement of the modules of the model, the loss and the harness that trains and judges,
    and of the modules that these import from `models`, `losses`, `data` or the package of the model or loss.
    A statement counts by its syntax tree, without docstrings and comments, and not by the file it stands in: moving or
    splitting a file, or mending a docstring, changes nothing. A first-party import counts only where the name that it
    binds has several definitions, or another name there. Installed libraries have versions of their own, see
    `benchmarks.registry.libraries`.

    Raises:
        UsageError: no such model or loss, or its module cannot be found.
    """
    return _version(_named(model, loss))


def modules_version(*modules: str) -> str:
    """Return a digest of modules, docstrings and comments aside; what they import does not count."""
    return _digest(*(ast.dump(_tree(module)) for module in modules))[:12]


def forget_sources() -> None:
    """Read all modules anew from now on: they may be edited while a process lives, between two runs of a notebook."""
    importlib.invalidate_caches()
    entries.forget_sources()
    _sources.clear()
    for cached in (_tree, _digests, _definitions, _imported, _is_package, _version):
        cached.cache_clear()


def forget_edited_sources() -> None:
    """Read all modules anew from now on if one was edited since it was read, by this process or its fork server."""
    if any(_read(module) != source for module, source in _sources.items()):
        forget_sources()


def read_built_in() -> None:
    """Read the code of the built-in models and of cross-entropy, so that a process forked from this one has it."""
    loss = _module(BUILT_IN["losses"]["ce"])
    for target in BUILT_IN["models"].values():
        with suppress(SyntaxError):  # of a file that is being edited; the cell that needs it says so
            _version(frozenset({_module(target), loss}))


@cache
def _version(named: frozenset[str]) -> str:
    packages = _packages(named)
    modules = _closure({*named, *HARNESS}, packages)
    digests = {digest for module in modules for digest in _digests(module, packages)}
    digests |= {_digest(_definition(module, name) or "") for module, name in DECIDING}
    return _digest(*sorted(digests | _choices(modules, packages)))[:12]


def imported_packages(model: str, loss: str) -> frozenset[str]:
    """Return the top-level names that the code of `code_version` imports, anywhere in it.

    Raises:
        UsageError: no such model or loss, or its module cannot be found.
    """
    named = _named(model, loss)
    modules = _closure({*named, *HARNESS}, _packages(named))
    return frozenset(name for module in modules for name in _top_level_imports(module))


def _named(model: str, loss: str) -> frozenset[str]:
    """The modules of a model and a loss."""
    return frozenset({_module(entry("models", model).target), _module(entry("losses", loss).target)})


def _module(target: str) -> str:
    return target.partition(":")[0]


def _packages(named: frozenset[str]) -> frozenset[str]:
    """Packages whose imports are followed: this project's, and those of the user that are not installed."""
    found = PACKAGES | {module.partition(".")[0] for module in named}
    while True:
        imported = {name for module in _closure(set(named), found) for name in _top_level_imports(module)}
        own = {name for name in imported - found - {"benchmarks"} if not is_installed(name)}
        if not own:
            return found
        found |= own


def _top_level_imports(module: str) -> Iterator[str]:
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]


def _closure(modules: set[str], packages: frozenset[str]) -> set[str]:
    """`modules` and the modules that they import from `packages`, directly or not."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in found and _source(module) is not None:
            found.add(module)
            waiting += _imported(module, packages)
    return found


_sources: dict[str, str | None] = {}
"""Sources by module, as they were read."""


def _source(module: str) -> str | None:
    """The module's source, read once; None if there is no such module, or it has no source."""
    if module not in _sources:
        _sources[module] = _read(module)
    return _sources[module]


def _read(module: str) -> str | None:
    """Read the source of a module, of a plug-in as it was added."""
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:  # a name of a module, not of a submodule
        return None
    return spec.loader.get_source(module) if spec is not None and isinstance(spec.loader, InspectLoader) else None


@cache
def _tree(module: str) -> ast.Module:
    """The module's syntax tree without docstrings."""
    tree = ast.parse(_source(module) or "")
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [statement for statement in body if not _is_docstring(statement)]
            node.body = kept or ([] if isinstance(node, ast.Module) else [ast.Pass()])  # type: ignore[attr-defined]
    return tree


def _is_docstring(node: ast.AST) -> bool:
    """Whether a statement is a string on its own: a docstring of a module, class, function or attribute."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@cache
def _digests(module: str, packages: frozenset[str]) -> frozenset[str]:
    """A digest of each top-level statement of the module, first-party imports left out; of an import, of each name."""
    found: set[str] = set()
    for node in _tree(module).body:
        imports = any(isinstance(inner, ast.Import | ast.ImportFrom) for inner in ast.walk(node))
        kept = _WithoutFirstParty(module, packages).visit(copy.deepcopy(node)) if imports else node
        if isinstance(kept, ast.Import):
            found |= {_digest(ast.dump(ast.Import([alias]))) for alias in kept.names}
        elif isinstance(kept, ast.ImportFrom):
            found |= {_digest(ast.dump(ast.ImportFrom(kept.module, [alias], kept.level))) for alias in kept.names}
        elif not isinstance(kept, ast.Pass):
            found.add(_digest(ast.dump(kept)))
    return frozenset(found)


def _choices(modules: Iterable[str], packages: frozenset[str]) -> set[str]:
    """Digests of the first-party imports that choose among several definitions of a name, or rename one."""
    meanings: dict[str, set[str]] = {}
    for module in modules:
        for name, definition in _definitions(module).items():
            if isinstance(definition, str):
                meanings.setdefault(name, set()).add(definition)
    found: set[str] = set()
    for module in modules:
        for base, alias in _first_party_imports(module, packages):
            meant = _definition(base, alias.name)
            bound = alias.asname or alias.name
            if meant is not None and (bound != alias.name or len(meanings.get(alias.name, ())) > 1):
                found.add(_digest(bound, meant))
    return found


def _first_party_imports(module: str, packages: frozenset[str]) -> Iterator[tuple[str, ast.alias]]:
    """The module and name of each `from ... import` of `packages`, anywhere in the module."""
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.ImportFrom) and _base(module, node).partition(".")[0] in packages:
            yield from ((_base(module, node), alias) for alias in node.names)


def _definition(module: str, name: str) -> str | None:
    """The syntax tree of the statement that binds `name` in the module, through re-exports; None for a module."""
    seen: set[tuple[str, str]] = set()
    while (module, name) not in seen:
        seen.add((module, name))
        match _definitions(module).get(name):
            case (base, imported):
                module, name = base, imported
            case str(definition):
                return definition
            case None:
                return None
    return None


@cache
def _definitions(module: str) -> dict[str, str | tuple[str, str]]:
    """Name -> syntax tree of the statement that binds it, or the module and name that it is imported from."""
    found: dict[str, str | tuple[str, str]] = {}
    for node in _tree(module).body:
        if isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name: (_base(module, node), alias.name) for alias in node.names}
        else:
            found |= dict.fromkeys(_bound(node), ast.dump(node))
    return found


def _bound(node: ast.stmt) -> set[str]:
    """The names that a top-level statement binds."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    return {child.id for child in ast.walk(node) if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store)}


class _WithoutFirstParty(ast.NodeTransformer):
    """Drop imports of first-party modules, which name files."""

    def __init__(self, module: str, packages: frozenset[str]) -> None:
        self._module, self._packages = module, packages

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt:
        """Drop `from models.lstm import Lstm`; keep `from torch import nn`."""
        return ast.Pass() if _is_first_party(_base(self._module, node), self._packages) else node

    def visit_Import(self, node: ast.Import) -> ast.stmt:
        """Drop `import models.lstm`."""
        kept = [alias for alias in node.names if not _is_first_party(alias.name, self._packages)]
        return ast.Import(kept) if kept else ast.Pass()


def _is_first_party(module: str, packages: frozenset[str]) -> bool:
    return module.partition(".")[0] in packages | {"benchmarks"}


def _base(module: str, node: ast.ImportFrom) -> str:
    """The absolute name of the module that a `from ... import` in `module` names."""
    package = module if _is_package(module) else module.rpartition(".")[0]
    return importlib.util.resolve_name("." * node.level + (node.module or ""), package or None)


@cache
def _is_package(module: str) -> bool:
    spec = importlib.util.find_spec(module)
    return spec is not None and spec.submodule_search_locations is not None


@cache
def _imported(module: str, packages: frozenset[str]) -> frozenset[str]:
    """The modules of `packages` that the module imports, anywhere in it, and their parent packages."""
    found: set[str] = set()
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.Import):
            found.update(name for alias in node.names for name in _with_parents(alias.name))
        elif isinstance(node, ast.ImportFrom):
            base = _base(module, node)
            found.update(_with_parents(base))
            # Only a package has submodules; looking for one in a module would import the module.
            if base.partition(".")[0] in packages and _is_package(base):
                found.update(f"{base}.{alias.name}" for alias in node.names)
    return frozenset(name for name in found if name.partition(".")[0] in packages)


def _with_parents(module: str) -> Iterator[str]:
    parts = module.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts) + 1))
