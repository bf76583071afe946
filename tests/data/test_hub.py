"""Datasets of the Hub, from copies in its own layout; the network is never needed."""

import json
import shutil
import socket
import time
from pathlib import Path

import pytest
from datasets import ClassLabel, Dataset, Features, Value
from huggingface_hub import constants
from huggingface_hub._tree_cache import TREE_CACHE_FORMAT_VERSION

from data import hub
from data.errors import DataError
from data.files import open_path
from data.hub import Hub, HubCopy, HubName, parse_hub_name
from data.label_map import parse_label_map
from data.reading import Reading, parse_splits

NAMES = ["sad", "glad", "mad"]
FEATURES = Features({"sentence": Value("string"), "label": ClassLabel(names=NAMES)})
SHA = "0123456789abcdef0123456789abcdef01234567"

CARD = """---
configs:
- config_name: small
  data_files:
  - split: train
    path: small/train-*
  - split: validation
    path: small/validation-*
- config_name: large
  data_files: large/*
---
"""


def write_split(folder, split, labels, shard="00000-of-00001"):
    rows = {"sentence": [f"{split} {shard} {i}" for i in range(len(labels))], "label": labels}
    folder.mkdir(parents=True, exist_ok=True)
    Dataset.from_dict(rows, features=FEATURES).to_parquet(folder / f"{split}-{shard}.parquet")


def write_copy(folder):
    for shard in ("00000-of-00002", "00001-of-00002"):
        write_split(folder / "small", "train", [0, 1, 2], shard)
    write_split(folder / "small", "validation", [2, 1])
    write_split(folder / "large", "train", [0, 1])
    (folder / "README.md").write_text(CARD)
    return folder


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """An empty cache, and a Hub that refuses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{probe.getsockname()[1]}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_copy_has_its_shards_its_splits_and_the_names_of_its_classes(tmp_path):
    raw = HubCopy(write_copy(tmp_path), "small").load()
    assert raw.train.texts[2:4] == ("train 00000-of-00002 2", "train 00001-of-00002 0")
    assert raw.train.labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert raw.class_names == tuple(NAMES)
    assert raw.valid.labels.tolist() == [2, 1]
    assert raw.test is None
    assert raw.provenance["config"] == "small"


def test_splits_and_classes_are_the_user_s_choice(tmp_path):
    reading = Reading(splits=parse_splits("train=train,test=validation"), label_map=parse_label_map("mad=x;glad=y"))
    raw = HubCopy(write_copy(tmp_path), "small", reading).load()
    assert raw.valid is None
    assert raw.test.labels.tolist() == [0, 1]
    assert raw.provenance["rows dropped whose label is not in the map"] == "2 of 8: sad (2 rows)"


def test_the_configs_are_named_where_one_must_be_chosen(tmp_path):
    write_copy(tmp_path)
    with pytest.raises(DataError, match=r"several datasets.*choices: small, large"):
        HubCopy(tmp_path, None).load()
    with pytest.raises(DataError, match=r"no dataset 'medium' \(choices: small, large\)"):
        HubCopy(tmp_path, "medium").load()


def test_a_folder_without_a_card_is_known_by_its_layout(tmp_path):
    write_split(tmp_path / "data", "train", [0, 1, 2, 0, 1, 2])
    source = open_path(tmp_path)
    assert isinstance(source, HubCopy)
    assert source.load().class_names == tuple(NAMES)


def test_withheld_labels_are_an_error_that_names_the_option(tmp_path):
    write_split(tmp_path / "data", "train", [0, 1, 2, 0, 1, 2])
    write_split(tmp_path / "data", "test", [-1, -1])
    with pytest.raises(DataError, match=r"split 'test' has no labels in column 'label'; .*`splits`"):
        open_path(tmp_path).load()


def test_a_cached_revision_needs_no_hub(cache):
    write_copy(cache / "datasets--someone--reviews" / "snapshots" / SHA)
    raw = Hub(HubName("someone/reviews", "small", SHA)).load()
    assert len(raw.train.texts) == 6
    assert raw.provenance["revision"] == SHA
    assert raw.provenance["origin"] == "Hub, someone/reviews"


def test_a_config_is_cached_though_the_repository_has_more_files(cache):
    """The Hub's library keeps a listing of all files, and would want each of them."""
    repository = cache / "datasets--someone--reviews"
    folder = write_copy(repository / "snapshots" / SHA)
    files = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    entry = {"size": 1, "blob_id": "0" * 40}
    listing = {"format_version": TREE_CACHE_FORMAT_VERSION, "files": dict.fromkeys([".gitattributes", *files], entry)}
    (repository / "trees").mkdir()
    (repository / "trees" / f"{SHA}.json").write_text(json.dumps(listing))
    shutil.rmtree(folder / "large")
    assert len(Hub(HubName("someone/reviews", "small", SHA)).load().train.texts) == 6
    with pytest.raises(DataError, match="cannot be reached"):
        Hub(HubName("someone/reviews", "large", SHA)).load()


def test_a_branch_is_noted_as_the_commit_it_stands_for(cache):
    folder = cache / "datasets--someone--reviews"
    write_copy(folder / "snapshots" / SHA)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(SHA)
    assert Hub(HubName("someone/reviews", "small", "main")).load().provenance["revision"] == SHA


def test_a_cached_revision_that_lacks_a_shard_is_not_used(cache):
    folder = write_copy(cache / "datasets--someone--reviews" / "snapshots" / SHA)
    (folder / "small" / "train-00001-of-00002.parquet").unlink()
    with pytest.raises(DataError, match="cannot be reached"):
        Hub(HubName("someone/reviews", "small", SHA)).load()


@pytest.mark.parametrize("offline", [True, False])
def test_an_unreachable_hub_is_a_quick_error_with_the_way_round(cache, monkeypatch, offline):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
    start = time.perf_counter()
    with pytest.raises(DataError, match=r"cannot be reached.*the folder of a copy.*imdb-packaged") as raised:
        Hub(HubName("someone/reviews", None, SHA)).load()
    assert time.perf_counter() - start < 2 * hub.TIMEOUT
    assert "\n" not in str(raised.value)


def test_only_the_files_of_the_config_are_fetched(tmp_path):
    card = write_copy(tmp_path) / "README.md"
    assert hub._patterns(card, "small") == ["small/train-*", "small/validation-*"]
    assert hub._patterns(card, "large") == ["large/*"]
    assert "*.parquet" in hub._patterns(card, None)
    assert hub._patterns(tmp_path / "none.md", "plain_text") == ["plain_text/*"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("hf:imdb@main", HubName("imdb", None, "main")),
        ("hf:a/b@v1.0", HubName("a/b", None, "v1.0")),
        ("hf:a/b/c@refs/convert/parquet", HubName("a/b", "c", "refs/convert/parquet")),
    ],
)
def test_names_of_the_hub(text, name):
    assert parse_hub_name(text) == name


def test_a_folder_is_a_copy_and_what_follows_it_a_config(tmp_path):
    assert parse_hub_name(f"hf:{tmp_path}") == HubName(str(tmp_path), None, None)
    assert parse_hub_name(f"hf:{tmp_path / 'small'}") == HubName(str(tmp_path), "small", None)


@pytest.mark.parametrize("text", ["hf:a/b", "hf:a//b@main", "hf:a/b/c/d@main", "hf:@main", "hf:"])
def test_what_is_no_name_of_the_hub(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"hf:OWNER/NAME\[/CONFIG\]@REVISION"):
        parse_hub_name(text)


def test_what_the_hub_does_not_name(cache):
    with pytest.raises(DataError, match="no name of the Hub's"):
        Hub(HubName("a b/c", None, "main")).load()
    assert not Path(cache).exists()
