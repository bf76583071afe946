"""Rows of peers.jsonl and scaling.jsonl: which row replaces which, and which make a curve."""

import pytest

from benchmarks.schema.performance import PeerRow, ScalingRow
from benchmarks.store.performance import add_rows

MACHINE = {"processor": "A", "accelerator": None, "threads": 2}


def row(kind, **changes):
    shared = {"environment": MACHINE, "command": "c", "dataset": "d", "precision": "fp32", "encoder": "", "code": "1"}
    own = {
        PeerRow: {"name": "nbsvm", "peer": "fasttext", "work": "w", "train_size": 10, "test_size": 5},
        ScalingRow: {"model": "nbsvm", "size": 10, "made": False},
    }
    return kind(**shared | own[kind] | changes)


SHARED = [
    {"dataset": "another"},
    {"data_fingerprint": "a" * 64},
    {"precision": "bf16"},
    {"encoder": "minilm"},
    {"code": "2"},
    {"environment": MACHINE | {"processor": "B"}},
    {"environment": MACHINE | {"threads": 4}},
    {"environment": MACHINE | {"accelerator": "H100"}},
]
OTHERS = [
    *((kind, change) for kind in (PeerRow, ScalingRow) for change in SHARED),
    *((PeerRow, change) for change in ({"name": "lstm"}, {"peer": "sklearn"}, {"train_size": 11}, {"test_size": 6})),
    *((ScalingRow, change) for change in ({"model": "lstm"}, {"size": 11}, {"classes": 5})),
]
SAME = [{"command": "another"}, {"status": "failed", "reason": "r"}, {"environment": MACHINE | {"python": "3.14"}}]


@pytest.mark.parametrize(("kind", "change"), OTHERS)
def test_a_row_of_another_identity_stands_beside_the_first(tmp_path, kind, change):
    path = tmp_path / "rows.jsonl"
    add_rows(path, kind, [row(kind)])
    assert len(add_rows(path, kind, [row(kind, **change)])) == 2


@pytest.mark.parametrize("kind", [PeerRow, ScalingRow])
@pytest.mark.parametrize("change", SAME)
def test_a_row_of_the_same_identity_takes_its_place(tmp_path, kind, change):
    path = tmp_path / "rows.jsonl"
    add_rows(path, kind, [row(kind)])
    later = row(kind, **change)
    assert add_rows(path, kind, [later]) == [later]


def test_the_name_of_data_does_not_matter_where_their_content_is_known():
    first, second = (row(PeerRow, dataset=name, data_fingerprint="a" * 64) for name in ("r.csv", "./r.csv"))
    assert first.key == second.key


@pytest.mark.parametrize("change", SHARED)
def test_a_curve_mixes_no_machines_precisions_data_or_code(change):
    assert row(ScalingRow).curve == row(ScalingRow, size=20).curve
    assert row(ScalingRow).curve != row(ScalingRow, size=20, **change).curve


def test_growth_with_classes_and_with_texts_make_two_curves():
    assert row(ScalingRow, classes=5).curve == row(ScalingRow, classes=10).curve
    assert row(ScalingRow, classes=5).curve != row(ScalingRow, classes=5, size=20).curve
    assert row(ScalingRow, classes=5).curve != row(ScalingRow).curve
