import contextlib
import dataclasses
import errno
import json

import numpy as np
import pandas as pd
import pytest

from benchmarks.schema.result import SCHEMA_VERSION, CellResult
from benchmarks.store.results import RUN_KEYS, DamagedError, Store, StoreError


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


@pytest.mark.parametrize(
    "content", [b"", b"{", b"{}", b"[]", b"\x00\xff", b'{"schema_version": "1"}', b'{"schema_version": 2}']
)
def test_a_damaged_result_is_named_and_set_aside(store, result, content):
    store.write_result(result)
    path = store.cell_folder(result.spec.id) / "result.json"
    path.write_bytes(content)
    with pytest.raises(DamagedError, match=r"result\.json is damaged") as caught:
        store.read_result(result.spec.id)
    assert "\n" not in str(caught.value)
    assert list(store.results()) == []
    assert store.set_aside(caught.value.path) == "kept as result.json.damaged"
    assert store.read_result(result.spec.id) is None
    path.write_bytes(content)
    assert store.set_aside(path) == "kept as result.json.damaged-2"


@pytest.mark.parametrize("version", [0, 99])
def test_a_result_of_another_version_is_refused(store, result, version):
    store.write_result(result.model_copy(update={"schema_version": version}))
    with pytest.raises(
        StoreError, match=f"is of schema version {version}, and this program reads version {SCHEMA_VERSION}"
    ):
        store.read_result(result.spec.id)
    with pytest.raises(StoreError, match="schema version"):
        list(store.results())


def half(content):
    return content[: len(content) // 2]


def one_bit(content):
    middle = content.index(b"PAR1") + 40  # in the first column's pages
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("damage", [half, one_bit, lambda _: b"", lambda content: bytes(len(content))])
def test_damaged_predictions_and_data_are_named(store, result, dataset, damage):
    rows = np.arange(1000)
    store.write_result(result, pd.DataFrame({"row": rows, "label": rows % 2}))
    for path, read in (
        (store.cell_folder(result.spec.id) / "predictions.parquet", lambda: store.read_predictions(result.spec.id)),
        (store.data_path(dataset.fingerprint), lambda: store.has_data(dataset.fingerprint)),
    ):
        read()
        path.write_bytes(damage(path.read_bytes()))
        with pytest.raises(DamagedError, match=rf"{path.name} is damaged \(.*\)"):
            read()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
        (PermissionError(errno.EACCES, "Permission denied"), "Permission denied"),
        (MemoryError("malloc failed"), r"needs more memory than is free \(MemoryError: malloc failed\); free some"),
    ],
)
def test_a_file_that_cannot_be_read_just_now_is_not_called_damaged(store, result, monkeypatch, error, said):
    store.write_result(result, pd.DataFrame({"row": [0]}))

    def fail(path):
        raise error

    monkeypatch.setattr("benchmarks.store.folder.open_regular", fail)
    with pytest.raises(StoreError, match=rf"predictions\.parquet cannot be read: .*{said}") as caught:
        store.read_predictions(result.spec.id)
    assert not isinstance(caught.value, DamagedError)


def test_data_of_another_fingerprint_are_not_taken_for_those_asked_for(store, dataset):
    other = dataclasses.replace(dataset, valid=dataset.valid.take(np.arange(4)))
    store.write_data(other)
    for suffix in (".parquet", ".json"):
        store.data_path(other.fingerprint).with_suffix(suffix).replace(
            store.data_path(dataset.fingerprint).with_suffix(suffix)
        )
    with pytest.raises(DamagedError, match="its fingerprint is"):
        store.has_data(dataset.fingerprint)


def test_a_result_in_another_cell_s_folder_is_no_result(store, result, make_spec):
    store.write_result(result)
    other = make_spec(seed=2)
    store.cell_folder(other.id).mkdir(parents=True)
    (store.cell_folder(result.spec.id) / "result.json").rename(store.cell_folder(other.id) / "result.json")
    with pytest.raises(DamagedError, match=f"the result of {result.spec.id}"):
        store.read_result(other.id)


@pytest.mark.parametrize("name", ["../x", "a-b-n1-s1-0123456789/..", "", "A-b-n1-s1-0123456789"])
def test_a_name_that_is_no_cell_id_never_becomes_a_path(store, name):
    with pytest.raises(StoreError, match="not a cell id"):
        store.cell_folder(name)


@pytest.mark.parametrize("name", ["../x", "0" * 63, "G" * 64])
def test_a_name_that_is_no_fingerprint_never_becomes_a_path(store, name):
    with pytest.raises(StoreError, match="not a fingerprint"):
        store.data_path(name)


def test_a_split_by_time_comes_back(store, dataset):
    later = dataclasses.replace(dataset, by_time=True)
    store.write_data(later)
    found = store.read_data(later.fingerprint)
    assert (found.by_time, found.fingerprint) == (True, later.fingerprint)
    assert not store.read_data(dataset.fingerprint).by_time


def test_the_dataset_comes_back(store, dataset):
    found = store.read_data(dataset.fingerprint)
    assert found.fingerprint == dataset.fingerprint
    assert found.provenance == dataset.provenance
    for ours, theirs in zip((dataset.train, dataset.test), (found.train, found.test), strict=True):
        assert ours.texts == theirs.texts
        np.testing.assert_array_equal(ours.lengths, theirs.lengths)
        np.testing.assert_array_equal(ours.rows, theirs.rows)


def test_a_run_comes_back(store):
    store.write_run(dict.fromkeys(RUN_KEYS, "toy") | {"planned": [], "dataset": {}})
    assert store.read_run()["suite"] == "toy"


@pytest.mark.parametrize(
    ("content", "finding"),
    [
        ("{", "is damaged"),
        ("[]", "without a schema version"),
        (json.dumps({"schema_version": 0}), "is of schema version 0"),
        (json.dumps({"schema_version": 2}), "without code_version, dataset"),
    ],
)
def test_a_run_that_cannot_be_read_is_said_in_one_line(store, content, finding):
    (store.folder / "run.json").write_text(content)
    with pytest.raises(StoreError, match=finding) as caught:
        store.read_run()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("suite", None), ("planned", "cell"), ("planned", [1]), ("dataset", "films"), ("dataset", {"fingerprint": 1}),
        ("device", ["cpu"]), ("cascades", {}), ("code_versions", ["0"]), ("libraries", {"a-ce": "1.0"}), ("costs", 1),
        ("metric", "luck"), ("ceilings", [1]), ("devices_per_cell", "two"), ("started", 0), ("price_per_hour", "much"),
    ],
)  # fmt: skip
def test_a_run_with_a_field_of_another_type_is_damaged(store, field, value):
    store.write_run(dict.fromkeys(RUN_KEYS, "toy") | {"planned": [], "dataset": {}} | {field: value})
    with pytest.raises(DamagedError, match=rf"run\.json is damaged \({field}") as caught:
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
