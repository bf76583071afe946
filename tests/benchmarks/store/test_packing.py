import pandas as pd
import pytest

from benchmarks.schema.result import CellResult
from benchmarks.store.files import StoreError
from benchmarks.store.packing import pack_cell, pack_data, unpack
from benchmarks.store.results import Store


def test_a_packed_cell_is_the_same_elsewhere(tmp_path, store, make_spec):
    spec = make_spec()
    with store.replace_model(spec.id) as folder:
        (folder / "parts").mkdir()
        (folder / "parts" / "weights.bin").write_bytes(b"\x00\x01")
    store.write_validation(spec.id, pd.DataFrame({"row": [2]}))
    store.write_result(CellResult(spec=spec, status="ok"), pd.DataFrame({"row": [1]}))
    (store.cell_folder(spec.id) / "log.txt").write_text("said\n")
    there = Store(tmp_path / "there")
    unpack(there, {**pack_data(store, spec.data_fingerprint), **pack_cell(store, spec.id)})
    assert pack_cell(there, spec.id) == pack_cell(store, spec.id)
    assert len(pack_cell(there, spec.id)) == 5
    assert list(pack_cell(there, spec.id))[-1].endswith("result.json")
    assert there.read_validation(spec.id)["row"].tolist() == [2]
    assert there.has_data(spec.data_fingerprint)


@pytest.mark.parametrize(
    "path",
    [
        "../out", "/etc/passwd", "run.json", "cells/x/result.json", "cells/{id}/model/../../../out", "cells/{id}/other",
        "cells/{id}/model/a/.", "cells/{id}/model//etc/passwd", "data/{id}.parquet", "cells/{id}/model/a\n",
    ],
)  # fmt: skip
def test_a_packed_path_that_leads_elsewhere_is_refused(tmp_path, make_spec, path):
    there = Store(tmp_path / "there")
    with pytest.raises(StoreError, match="not a file of a results folder"):
        unpack(there, {path.format(id=make_spec().id): b""})
    assert not there.folder.exists()
