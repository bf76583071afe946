"""Ray is an extra: asked for where it is missing, it is one line; not asked for, it is not imported."""

import ast

import pytest

from benchmarks.executors import select
from benchmarks.executors.as_planned import run_as_planned
from benchmarks.hardware.origin import CHECKOUT, PACKAGES


@pytest.fixture
def refused(type_in, tmp_path):
    """Type a command that writes nothing: its exit status and errors."""

    def refused(*arguments):
        status, _, errors = type_in(*arguments)
        assert list(tmp_path.iterdir()) == []
        return status, errors

    return refused


def test_without_ray_a_line_says_how_to_install_it(refused, monkeypatch):
    monkeypatch.setattr(select, "find_spec", lambda name: None)
    status, errors = refused("run", "--executor", "ray")
    assert (status, errors.count("\n")) == (2, 1)
    assert "pip install -c constraints.txt -e '.[ray]'" in errors


@pytest.mark.parametrize("option", [("--ray-address", "host:6379"), ("--cpus-per-cell", "2")])
def test_an_option_of_ray_s_without_ray_is_an_error(refused, option):
    status, errors = refused("run", *option)
    assert (status, errors.count("\n")) == (2, 1)
    assert "--executor ray" in errors


def test_cells_run_as_planned_wherever_they_run(store):
    assert select.local_backend("benchmarks.cli").executor(store, None).work is run_as_planned
    pytest.importorskip("ray")
    assert select.ray_backend(None, 1).executor(store, None).work is run_as_planned


def imported_at_once(path):
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_only_what_is_asked_for_imports_ray():
    with_ray = {"ray.py", "ray_predict.py", "cluster.py"}
    for path in (path for package in PACKAGES for path in (CHECKOUT / package).rglob("*.py")):
        if path.name not in with_ray:
            assert not any(
                name.split(".")[0] == "ray" or f"{name.split('.')[-1]}.py" in with_ray
                for name in imported_at_once(path)
            ), path


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_the_fork_server_imports_while_a_run_is_prepared(options, type_in, store, monkeypatch):
    """It starts before the data are read, with the modules that cells want; for a plan alone it does not."""
    begun = []
    monkeypatch.setattr(select, "fork_server", begun.append)
    status, _, errors = type_in("run", "--models", "nbsvm", "--dataset", "missing.csv", *options)
    assert (status, "missing.csv" in errors) == (2, True)
    wanted = select.local_backend("benchmarks.cli").executor(store, None).preload
    assert begun == ([] if options else [wanted])


def test_a_fork_server_that_cannot_start_yet_is_left_to_the_first_cell(monkeypatch):
    def fails(preload):
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(select, "fork_server", fails)
    select.start_fork_server("benchmarks.cli")
