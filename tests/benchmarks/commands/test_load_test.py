"""`load-test`, as a user types it; its process is this one, and its trials are short."""

import json
from concurrent.futures.process import BrokenProcessPool

import pytest

from benchmarks.cells.run_cell import run_cell
from benchmarks.hardware import fork_server
from benchmarks.inference import load_test
from benchmarks.schema.load_test import LoadTest


@pytest.fixture
def cell(store, make_spec, dataset):
    """The folder of a trained cell, the only one of its run."""
    spec = make_spec("nbsvm", min_df=1)
    run_cell(spec, store, lambda done, total: None)
    facts = {"suite": "toy", "code_version": "0", "device": "cpu", "precision": "fp32"}
    store.write_run(facts | {"dataset": {"fingerprint": dataset.fingerprint}, "planned": [spec.id]})
    return store.cell_folder(spec.id)


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    for name, value in {"SEARCHING": 0.1, "CONFIRMING": 0.5, "LIMITS": 1}.items():
        monkeypatch.setattr(load_test, name, value)
    _measure_by(monkeypatch, lambda work, asked: work(asked))


def _measure_by(monkeypatch, call):
    monkeypatch.setattr(fork_server, "in_new_process", call)


def test_a_load_test_is_kept_beside_the_model(cell, type_in):
    status, output, errors = type_in("load-test", cell.parents[1], "--slo-ms", "1000")
    (path,) = (cell / "engines").glob("*-load.json")
    found = LoadTest.model_validate(json.loads(path.read_text()))
    assert status == 0
    assert found.highest_rate == found.trials[-1].rate
    assert found.trials[-1].confirming
    assert len(found.start.warm) == 300
    assert "Texts arriving at random moments" in output
    assert f"wrote {path}" in errors


def test_a_process_that_is_killed_ends_the_command_in_a_line(cell, type_in, monkeypatch):
    def killed(work, asked):
        raise BrokenProcessPool

    _measure_by(monkeypatch, killed)
    status, _, errors = type_in("load-test", cell.parents[1])
    assert status == 3
    assert errors.splitlines()[-1].startswith("error: the process that was measured was killed")


def test_a_model_outside_of_a_run_needs_texts(cell, tmp_path, type_in):
    status, _, errors = type_in("load-test", (cell / "model").rename(tmp_path / "model"))
    assert status == 2
    assert "name a file of texts with --input" in errors


@pytest.mark.parametrize("limit", ["0", "inf", "nan"])
def test_a_limit_is_above_zero_and_finite(cell, type_in, limit):
    status, _, errors = type_in("load-test", cell.parents[1], "--slo-ms", limit)
    assert status == 2
    assert "--slo-ms" in errors
    assert not (cell / "engines").exists()
