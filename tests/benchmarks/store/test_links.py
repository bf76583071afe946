"""A results folder from a stranger, with links in place of everything that a run writes."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.errors import UsageError
from benchmarks.schema.result import CellResult
from benchmarks.store.lock import LOCK_FILE, hold
from benchmarks.store.packing import pack_cell, unpack
from benchmarks.store.results import Store, StoreError


@pytest.fixture
def outside(tmp_path):
    """A folder of the user's, with a file that nothing may change."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "precious").write_text("precious")
    return folder


@pytest.fixture
def stranger(tmp_path):
    store = Store(tmp_path / "stranger")
    store.create()
    return store


def contents(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_lock_never_goes_through_a_link(stranger, outside):
    (stranger.folder / LOCK_FILE).symlink_to(outside / "precious")
    with pytest.raises(UsageError, match=r"its run\.lock is a link"), hold(stranger.folder):
        pass
    assert contents(outside) == {"precious": "precious"}


def test_a_lock_that_is_another_file_is_not_overwritten(stranger, outside):
    (stranger.folder / LOCK_FILE).hardlink_to(outside / "precious")
    with pytest.raises(UsageError, match=r"its run\.lock is no lock of a run"), hold(stranger.folder):
        pass
    assert contents(outside) == {"precious": "precious"}


@pytest.mark.parametrize("name", ["run.json", "cells", "data", "plugins", "cell", "result.json", "model", "checkpoint"])
def test_nothing_is_written_through_a_link(stranger, outside, dataset, make_spec, name):
    spec = make_spec()
    places = {
        "cell": stranger.cell_folder(spec.id),
        "result.json": stranger.cell_folder(spec.id) / "result.json",
        "model": stranger.cell_folder(spec.id) / "model",
        "checkpoint": stranger.checkpoint_path(spec.id),
    }
    place = places.get(name, stranger.folder / name)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(outside / "precious" if place.suffix else outside)
    cell = outside / spec.id
    cell.mkdir()
    for file in ("result.json", "checkpoint.safetensors", ".x.tmp"):
        (cell / file).write_text("precious")
    before = contents(outside)
    refusals = []
    for write in (
        lambda: stranger.write_run({"suite": "x"}),
        lambda: stranger.write_data(dataset),
        lambda: stranger.write_plugin("0" * 64, "x = 1"),
        lambda: stranger.write_result(CellResult(spec=spec, status="ok"), pd.DataFrame({"row": np.arange(3)})),
        lambda: save_model(stranger, spec),
        lambda: stranger.write_checkpoint(spec.id, lambda path: path.write_text("state")),
        lambda: unpack(stranger, pack_cell(stranger, spec.id)),
        lambda: stranger.clear_cell(spec),
        stranger.clear_temporary,
        lambda: stranger.set_aside(stranger.cell_folder(spec.id) / "result.json"),
        lambda: stranger.remove_checkpoint(spec.id),
        lambda: stranger.remove_cell(spec.id),
    ):
        try:
            write()
        except StoreError as error:
            refusals.append(str(error))
    assert contents(outside) == before
    assert all("is a link, and links are not followed" in refusal for refusal in refusals)
    assert bool(refusals) == (name in {"cells", "data", "plugins", "cell"})


def save_model(store, spec):
    with store.replace_model(spec.id) as folder:
        (folder / "weights").write_text("w")
