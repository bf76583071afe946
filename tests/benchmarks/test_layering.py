"""Imports between packages run one way, as one table has it, and the packages are this checkout's own."""

import ast
from pathlib import Path

import pytest

from benchmarks.errors import UsageError
from benchmarks.hardware.origin import CHECKOUT, PACKAGES, check_origin

FLOORS = {
    "data.errors": set(),
    "data": {"data.errors"},
    "losses": {"losses"},
    "models.linear": {"models", "data", "losses"},
    "models.neural": {"models", "data", "losses"},
    "models.encoder": {"models", "data", "losses"},
    "models": {"models.linear", "models.neural", "models.encoder", "data", "losses"},
    "benchmarks.errors": {"benchmarks.redaction", "data.errors"},
    "benchmarks.redaction": set(),
    "benchmarks.schema": {"benchmarks.redaction", "benchmarks.errors"},
    "benchmarks.store": {"benchmarks.schema", "data"},
    "benchmarks.registry": {"benchmarks.schema", "models", "data", "losses"},
    "benchmarks.hardware": {"benchmarks.schema", "models"},
    "benchmarks.measurement": {"benchmarks.hardware", "benchmarks.registry", "benchmarks.store"},
    "benchmarks.config": {"benchmarks.hardware", "benchmarks.registry", "benchmarks.store"},
    "benchmarks.inference": {"benchmarks.measurement", "benchmarks.config"},
    "benchmarks.inference.engines": {"benchmarks.inference"},
    "benchmarks.peers": {"benchmarks.measurement", "benchmarks.config"},
    "benchmarks.cells": {"benchmarks.inference.engines", "benchmarks.peers"},
    "benchmarks.executors": {"benchmarks.cells"},
    "benchmarks.runs": {"benchmarks.executors"},
    "benchmarks.commands": {"benchmarks.runs", "reports"},
    "benchmarks.api": {"benchmarks.commands"},
    "benchmarks": {"benchmarks.commands", "benchmarks.api"},
    "reports.formats": {"benchmarks.redaction"},
    "reports.analysis": {"reports.formats", "benchmarks.schema", "benchmarks.store"},
    "reports.figures": {"reports.analysis"},
    "reports.render": {"reports.render.sections"},
    "reports.render.sections": {"reports.figures", "reports.render"},
    "reports.certificate": {"reports.analysis"},
    "reports": {"reports.render"},
}
"""Package or module -> what it may import besides itself; and through that, what that may import."""

MODELS_FLOORS = {
    "models.linear": {"models.neural", "models.encoder"},
    "models.neural": {"models.linear", "models.encoder"},
    "models.encoder": {"models.linear"},
}
"""What these may not import, though the packages' floor is one."""

HEAVY = {"torch", "transformers", "sklearn"}


def package_of(module):
    """The longest name of the table that the module lies under."""
    parts = module.split(".")
    names = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
    return next((name for name in names if name in FLOORS), None)


def allowed(package):
    """Everything below a package, itself included."""
    found, waiting = set(), [package]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += FLOORS[name]
    return found


def imported_modules(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module in PACKAGES:  # `from benchmarks import errors`: the modules are what is imported
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            else:
                yield node.module


def violations(path, package):
    below = allowed(package)
    for module in imported_modules(path):
        top = module.partition(".")[0]
        if module == "benchmarks.__version__":
            continue
        if top in PACKAGES and package_of(module) not in below:
            yield module
        if package in MODELS_FLOORS and package_of(module) in MODELS_FLOORS[package]:
            yield module
        if package.startswith("reports") and top in HEAVY:
            yield module
        if top == "pickle":
            yield module


def module_name(path):
    return ".".join(path.relative_to(CHECKOUT).with_suffix("").parts)


SOURCES = sorted(
    path for package in PACKAGES for path in (CHECKOUT / package).rglob("*.py") if "templates" not in path.parts
)


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_imports_run_one_way(path):
    assert list(violations(path, package_of(module_name(path)))) == []


@pytest.mark.parametrize(
    ("package", "line"),
    [
        ("data", "from models.model import Model"),
        ("losses", "import data.dataset"),
        ("models", "from benchmarks.schema import cell"),
        ("models.linear", "from models.neural.training import Training"),
        ("benchmarks.schema", "from data.dataset import Dataset"),
        ("benchmarks.schema", "from benchmarks.store.results import Store"),
        ("benchmarks.store", "from benchmarks.registry.entries import entry"),
        ("benchmarks.cells", "from benchmarks.executors.local import LocalExecutor"),
        ("benchmarks.inference", "from benchmarks.peers import contest"),
        ("benchmarks.runs", "import reports.render.html"),
        ("reports.analysis", "from reports.render import tables"),
        ("reports.analysis", "import torch"),
        ("reports.render", "from benchmarks.cells.run_cell import run_cell"),
        ("models", "import pickle"),
    ],
)
def test_a_planted_step_back_is_found(tmp_path, package, line):
    path = tmp_path / "module.py"
    path.write_text(f"def function():\n    {line}\n")
    assert list(violations(path, package))


@pytest.mark.parametrize("package", [path.parent for path in SOURCES if path.name == "__init__.py"], ids=str)
def test_each_package_says_what_is_in_it(package):
    assert ast.get_docstring(ast.parse((package / "__init__.py").read_text()))


def test_every_sub_package_stands_in_the_table():
    packages = {module_name(path.parent) for path in SOURCES if path.name == "__init__.py"}
    assert packages <= FLOORS.keys()


def test_the_packages_are_this_checkout_s():
    check_origin()


def test_an_intruder_is_named(tmp_path):
    with pytest.raises(
        UsageError, match=r"package 'benchmarks' is .*benchmarks.__init__\.py, not the one in .*elsewhere"
    ):
        check_origin(Path(tmp_path) / "elsewhere")
