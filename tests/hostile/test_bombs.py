"""Small files that unpack to gigabytes, and files that never end: each is refused in a line, in little memory.

The machine of these tests has 200 MB left, as far as the code can tell.
"""

import ctypes
import json
import os
import resource
import time
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.errors import UsageError
from benchmarks.inference.saved import find_model
from benchmarks.inference.text_input import read_file
from benchmarks.registry.plugins import read_plugin
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.performance import PeerRow
from benchmarks.schema.result import CellResult
from benchmarks.store.files import StoreError
from benchmarks.store.performance import read_rows
from benchmarks.store.results import Store
from data.errors import DataError
from data.tables import read_table
from models.encoder.weights import load_encoder
from models.external_files import file_digest
from models.nbsvm import NbSvm
from models.tfidf_logreg import TfidfLogReg

FREE = 200_000_000
REFUSALS = (StoreError, UsageError, DataError, ValueError, OSError)


@pytest.fixture(autouse=True)
def _little_memory(monkeypatch):
    for module in ("data.archive", "data.tables", "data.column_texts", "benchmarks.store.folder", "models.saved_files"):
        monkeypatch.setattr(f"{module}.available", lambda: FREE)


def occupy_free_heap():
    """Take what the heap holds free, untouched: `data.memory.at_most` limits new memory only.

    Other tests of this process may have left hundreds of megabytes, whose pages the system took back.
    """
    malloc = ctypes.CDLL(None).malloc
    for _ in range(64):
        malloc(ctypes.c_size_t(16 << 20))


def refusal(read):
    """The line that a process of its own ends with; it may use no more memory than there is, and a few seconds."""
    receiver, sender = os.pipe()
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        occupy_free_heap()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            read()
            line = "nothing was refused"
        except REFUSALS as error:
            line = f"{type(error).__name__}: {error}"
        except BaseException as error:  # noqa: BLE001
            line = f"not foreseen: {error!r}"
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        os.write(sender, json.dumps([line, grown * 1024]).encode())
        os._exit(0)
    os.close(sender)
    _, status = os.waitpid(pid, 0)
    assert status == 0
    line, grown = json.loads(os.read(receiver, 100_000))
    os.close(receiver)
    assert not line.startswith("n"), line
    assert "\n" not in line
    assert len(line) < 1_000
    assert grown < FREE, f"{line}: {grown / 1e6:.0f} MB"
    assert time.monotonic() - began < 20
    return line


def spec():
    return CellSpec(
        dataset="x", data_fingerprint="0" * 64, train_size=1, valid_size=1, test_size=1, model="tiny", model_params={},
        loss="ce", loss_params={}, seed=1, device="cpu", precision="fp32", code_version="0",
    )  # fmt: skip


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "results")
    store.create()
    store.write_result(CellResult(spec=spec(), status="ok"))
    return store


def long_texts(path, **columns):
    """A kilobyte that declares 4 GB: one text of a megabyte, 4,000 times."""
    rows = 4_000
    texts = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array(["x" * 1_000_000]))
    table = pa.table({"text": texts, **{name: pa.array([value] * rows) for name, value in columns.items()}})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", store_schema=False, write_page_checksum=True)
    assert path.stat().st_size < 100_000
    return path


def many_rows(path):
    """A few kilobytes that declare 8 million rows of four numbers."""
    rows = np.zeros(8_000_000, np.int64)
    table = pa.table(dict.fromkeys(("row", "label", "length", "probability_0"), rows))
    pq.write_table(table, path, compression="zstd", write_page_checksum=True)
    assert path.stat().st_size < 1_000_000


def test_a_table_of_long_texts(tmp_path):
    path = long_texts(tmp_path / "bomb.parquet", label=1)
    assert "needs more than half of the memory" in refusal(lambda: read_table(path))
    assert "needs more than half of the memory" in refusal(lambda: list(read_file(path, "text")))


@pytest.mark.parametrize(("name", "member"), [("a.zip", "a.csv"), ("a.xlsx", "xl/worksheets/sheet1.xml")])
def test_a_table_in_an_archive_of_gigabytes(tmp_path, name, member):
    if name.endswith("xlsx"):
        pytest.importorskip("openpyxl")
    with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr(member, bytes(FREE))
    assert (tmp_path / name).stat().st_size < 2_000_000
    assert "unpacks to more than the 0.1 GB that memory can hold" in refusal(lambda: read_table(tmp_path / name))


def test_predictions_of_many_rows(store):
    many_rows(store.cell_folder(spec().id) / "predictions.parquet")
    assert "8,000,000 rows of 4 columns" in refusal(lambda: store.read_predictions(spec().id))


def test_data_of_long_texts(store):
    path = long_texts(store.data_path("0" * 64), split="train", row=1, label=0, length=1)
    facts = {"name": "x", "class_names": ["a", "b"], "provenance": {}, "leaked_test_rows": [], "grouped": []}
    path.with_suffix(".json").write_text(json.dumps(facts))
    assert "needs more memory than is free (ArrowMemoryError" in refusal(lambda: store.has_data("0" * 64))


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    parameters = {"model": "tfidf_logreg", **TfidfLogReg().parameters()}
    for name in ("settings.json", "config.json"):
        (folder / name).write_text(json.dumps(parameters))
    return folder


def test_a_skops_file_of_gigabytes(model):
    with zipfile.ZipFile(model / "classifier.skops", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("coef.npy", bytes(FREE))
    assert (model / "classifier.skops").stat().st_size < 2_000_000
    assert "more than half of the memory" in refusal(lambda: TfidfLogReg.load(model))


@pytest.mark.parametrize("name", ["weights.safetensors", "config.json"])
def test_a_file_as_large_as_a_disk(model, name):
    (model / name).touch()
    os.truncate(model / name, 10**12)
    limit = "is larger than 67 MB" if name == "config.json" else "more than half of the memory"
    assert limit in refusal(lambda: NbSvm.load(model))


def test_an_encoder_as_large_as_a_disk(tmp_path):
    for file in ("model.safetensors", "tokenizer.json", "config.json"):
        (tmp_path / file).touch()
    os.truncate(tmp_path / "model.safetensors", 10**12)
    assert "more than half of the memory" in refusal(lambda: load_encoder(str(tmp_path)))


ENDLESS = {
    "pipe": os.mkfifo,
    "zero": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_file_without_an_end(store, model, tmp_path, kind):
    def planted(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        ENDLESS[kind](path)
        return path

    cell = store.cell_folder(spec().id)
    planted(store.folder / "run.json")
    assert "not a regular file" in refusal(store.read_run)
    planted(cell / "result.json")
    assert "not a regular file" in refusal(lambda: store.read_result(spec().id))
    planted(cell / "explanations.json")
    assert "not a regular file" in refusal(lambda: store.read_explanations(spec().id))
    planted(cell / "predictions.parquet")
    assert "not a regular file" in refusal(lambda: store.read_predictions(spec().id))
    planted(store.data_path("0" * 64))
    planted(store.data_path("0" * 64).with_suffix(".json"))
    assert "not a regular file" in refusal(lambda: store.has_data("0" * 64))
    planted(tmp_path / "peers.jsonl")
    assert "not a regular file" in refusal(lambda: read_rows(tmp_path / "peers.jsonl", PeerRow))
    planted(tmp_path / "saved" / "saved.json")
    assert "not a regular file" in refusal(lambda: find_model(tmp_path / "saved"))
    planted(model / "config.json")
    assert "not a regular file" in refusal(lambda: NbSvm.load(model))
    assert "not a regular file" in refusal(lambda: file_digest(model / "config.json"))
    planted(tmp_path / "plugin.py")
    assert "is not a file" in refusal(lambda: read_plugin(tmp_path / "plugin.py"))
    for name in ("data.csv", "data.parquet", "data.jsonl", "data.csv.gz"):
        planted(tmp_path / name)
        assert "is not a file" in refusal(lambda name=name: read_table(tmp_path / name))
        assert "is not a file" in refusal(lambda name=name: list(read_file(tmp_path / name, "text")))
