import contextlib
import json

import numpy as np
import pandas as pd
import pytest

from benchmarks.cell import CellResult
from benchmarks.store import Store, StoreError


@pytest.fixture
def spec(make_spec):
    return make_spec()


@pytest.fixture
def result(spec):
    return CellResult(spec=spec, status="ok", metrics={"accuracy": 0.5}, classes=["negative", "positive"])


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_result_and_its_predictions_come_back(store, result):
    predictions = pd.DataFrame({"row": [3, 4], "label": [0, 1], "length": [5, 6], "probability_0": [0.25, 1.0]})
    store.write_result(result, predictions)
    assert store.read_result(result.spec.id) == result
    pd.testing.assert_frame_equal(store.read_predictions(result.spec.id), predictions)
    assert list(store.results()) == [result]


def test_no_temporary_file_stays_behind(store, result):
    store.write_result(result)
    store.write_run({"suite": "toy"})
    assert not [name for name in files(store.folder) if "tmp" in name]


def test_a_write_that_fails_leaves_the_old_file(store, result):
    store.write_result(result, pd.DataFrame({"row": [1]}))
    unwritable = pd.DataFrame({"row": [object()]})
    with pytest.raises(Exception, match="object"):
        store.write_result(result, unwritable)
    assert store.read_predictions(result.spec.id)["row"].tolist() == [1]
    assert not [name for name in files(store.folder) if "tmp" in name]


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b"\x00\xff", b'{"schema_version": 99}'])
def test_a_damaged_result_is_no_result(store, result, content):
    store.write_result(result)
    (store.cell_folder(result.spec.id) / "result.json").write_bytes(content)
    assert store.read_result(result.spec.id) is None
    assert list(store.results()) == []


def test_a_result_in_another_cell_s_folder_is_no_result(store, result, make_spec):
    store.write_result(result)
    other = make_spec(seed=2)
    store.cell_folder(other.id).mkdir(parents=True)
    (store.cell_folder(result.spec.id) / "result.json").rename(store.cell_folder(other.id) / "result.json")
    assert store.read_result(other.id) is None


@pytest.mark.parametrize("name", ["../x", "a-b-n1-s1-0123456789/..", "", "A-b-n1-s1-0123456789"])
def test_a_name_that_is_no_cell_id_never_becomes_a_path(store, name):
    with pytest.raises(StoreError, match="not a cell id"):
        store.cell_folder(name)


@pytest.mark.parametrize("name", ["../x", "0" * 63, "G" * 64])
def test_a_name_that_is_no_fingerprint_never_becomes_a_path(store, name):
    with pytest.raises(StoreError, match="not a fingerprint"):
        store.data_path(name)


def test_the_dataset_comes_back(store, dataset):
    found = store.read_data(dataset.fingerprint)
    assert found.fingerprint == dataset.fingerprint
    assert found.provenance == dataset.provenance
    for ours, theirs in zip((dataset.train, dataset.test), (found.train, found.test), strict=True):
        assert ours.texts == theirs.texts
        np.testing.assert_array_equal(ours.lengths, theirs.lengths)
        np.testing.assert_array_equal(ours.rows, theirs.rows)


def test_a_run_comes_back(store):
    store.write_run({"suite": "toy"})
    assert store.read_run()["suite"] == "toy"


@pytest.mark.parametrize(
    ("content", "finding"),
    [("{", "cannot be read"), ("[]", "schema version"), (json.dumps({"schema_version": 0}), "schema version")],
)
def test_a_run_that_cannot_be_read_is_said_in_one_line(store, content, finding):
    (store.folder / "run.json").write_text(content)
    with pytest.raises(StoreError, match=finding) as caught:
        store.read_run()
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_run_is_said(tmp_path):
    with pytest.raises(StoreError, match=r"no results in .*: it has no run\.json"):
        Store(tmp_path).read_run()


def test_a_model_replaces_the_old_one_only_when_it_is_whole(store, spec):
    with store.replace_model(spec.id) as folder:
        (folder / "weights").write_text("old")
    with contextlib.suppress(RuntimeError), store.replace_model(spec.id) as folder:
        (folder / "weights").write_text("new")
        raise RuntimeError
    assert (store.cell_folder(spec.id) / "model" / "weights").read_text() == "old"
    assert [path.name for path in store.cell_folder(spec.id).iterdir()] == ["model"]
