"""The notebook runs, on the smoke suite, and shows what it says it shows."""

import nbformat
import pytest
from nbclient import NotebookClient

from benchmarks.hardware.origin import CHECKOUT
from data.dataset import DataError
from data.imdb_packaged import ImdbPackaged

NOTEBOOK = CHECKOUT / "notebooks" / "imdb.ipynb"


def outputs(notebook):
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def test_it_runs(tmp_path, monkeypatch):
    try:
        ImdbPackaged().load()
    except DataError as error:
        pytest.skip(str(error))
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert (tmp_path / "results" / "notebook" / "report.html").exists()
    printed = "".join(o.get("text", "") + str(o.get("data", "")) for o in outputs(notebook))
    assert "4 of 4 cells ended ok" in printed
    assert "may_be_best" in printed
    assert "imdb-packaged" in printed


def test_its_outputs_are_kept_and_without_errors():
    kept = outputs(nbformat.read(NOTEBOOK, as_version=4))
    assert len(kept) >= 10
    assert not [output for output in kept if output.output_type == "error"]
    assert "/home/" not in str(kept)
