import socket
import time

import numpy as np
import pandas as pd
import pytest
from huggingface_hub import constants

from data import hub
from data.errors import DataError
from data.imdb_hub import FILES, REVISION, ImdbHub


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "datasets")


def write_copy(folder):
    for split, path in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        labels = np.array([0, 1, 1], dtype=np.int8)
        pd.DataFrame({"text": [f"{split} {n}" for n in range(3)], "label": labels}).to_parquet(folder / path)


@pytest.fixture
def closed_port(monkeypatch):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{probe.getsockname()[1]}"
    for name in ("huggingface_hub.constants.ENDPOINT", "huggingface_hub.hf_api.constants.ENDPOINT"):
        monkeypatch.setattr(name, endpoint)
    return endpoint


def test_a_local_copy(tmp_path):
    write_copy(tmp_path)
    raw = ImdbHub(repository=str(tmp_path)).load()
    assert raw.train.texts == ("train 0", "train 1", "train 2")
    assert raw.test.texts == ("test 0", "test 1", "test 2")
    assert raw.train.labels.dtype == np.int64
    assert raw.train.labels.tolist() == [0, 1, 1]
    assert raw.class_names == ("negative", "positive")
    assert "revision" not in raw.provenance


def test_a_cached_copy_needs_no_hub(monkeypatch, tmp_path, closed_port):
    cache = tmp_path / "hub"
    write_copy(cache / "datasets--stanfordnlp--imdb" / "snapshots" / REVISION)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    raw = ImdbHub().load()
    assert len(raw.train.texts) == 3
    assert raw.provenance["revision"] == REVISION


def test_an_unreachable_hub_is_a_quick_error_with_the_way_round(monkeypatch, tmp_path, closed_port):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    start = time.perf_counter()
    with pytest.raises(DataError, match=r"cannot be reached.*imdb-packaged") as raised:
        ImdbHub().load()
    assert time.perf_counter() - start < 2 * hub.TIMEOUT
    assert "\n" not in str(raised.value)


def test_offline_without_a_copy_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(DataError, match="imdb-packaged"):
        ImdbHub().load()


def test_a_folder_without_the_files(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        ImdbHub(repository=str(tmp_path)).load()


def test_what_is_neither_folder_nor_name():
    with pytest.raises(DataError, match="is no name of the Hub's"):
        ImdbHub(repository="no such//name").load()
