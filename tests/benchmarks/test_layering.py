"""Imports run one way, and the five packages are this checkout's own."""

import ast
from pathlib import Path

import pytest

from benchmarks.errors import UsageError
from benchmarks.origin import CHECKOUT, PACKAGES, check_origin

MAY_IMPORT = {
    "data": {"data"},
    "losses": {"losses"},
    "models": {"models", "data", "losses"},
    "benchmarks": {"benchmarks", "models", "data", "losses"},
    "reports": {"reports", "benchmarks"},
}
REPORTS_MAY_READ = {
    "benchmarks.cell",
    "benchmarks.explanations",
    "benchmarks.exploration",
    "benchmarks.performance",
    "benchmarks.published",
    "benchmarks.store",
}

COMMANDS = CHECKOUT / "benchmarks" / "commands"


def imported_modules(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def readable(module):
    return any(module == read or module.startswith(f"{read}.") for read in REPORTS_MAY_READ)


def violations(path, package):
    for module in imported_modules(path):
        top = module.split(".")[0]
        allowed = MAY_IMPORT[package] | ({"reports"} if path.parent == COMMANDS else set())
        if top in PACKAGES and top not in allowed:
            yield module
        if package == "reports" and (top in {"torch", "transformers", "sklearn"}):
            yield module
        if package == "reports" and module.startswith("benchmarks.") and not readable(module):
            yield module
        if top == "pickle":
            yield module


@pytest.mark.parametrize("path", sorted(p for package in PACKAGES for p in (CHECKOUT / package).rglob("*.py")), ids=str)
def test_imports_run_one_way(path):
    assert list(violations(path, path.relative_to(CHECKOUT).parts[0])) == []


@pytest.mark.parametrize(
    ("package", "line"),
    [
        ("data", "from models.model import Model"),
        ("losses", "import data.dataset"),
        ("models", "from benchmarks import cell"),
        ("benchmarks", "import reports.html"),
        ("reports", "import torch"),
        ("reports", "from benchmarks.runner import LocalExecutor"),
        ("models", "import pickle"),
    ],
)
def test_a_planted_step_back_is_found(tmp_path, package, line):
    path = tmp_path / "module.py"
    path.write_text(f"def function():\n    {line}\n")
    assert list(violations(path, package))


def test_the_packages_are_this_checkout_s():
    check_origin()


def test_an_intruder_is_named(tmp_path):
    with pytest.raises(
        UsageError, match=r"package 'benchmarks' is .*benchmarks.__init__\.py, not the one in .*elsewhere"
    ):
        check_origin(Path(tmp_path) / "elsewhere")
