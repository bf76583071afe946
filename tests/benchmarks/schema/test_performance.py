"""Rows of peers.jsonl and scaling.jsonl: which row replaces which, and which make a curve."""

import multiprocessing

import pytest

from benchmarks.schema.performance import PeerRow, ScalingRow
from benchmarks.store.performance import add_rows, read_rows

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


def test_commands_that_measure_side_by_side_lose_no_row_of_each_other(tmp_path):
    path = tmp_path / "rows.jsonl"
    processes = [
        multiprocessing.get_context("fork").Process(target=add_ten, args=(path, first)) for first in range(0, 40, 10)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert sorted(found.train_size for found in read_rows(path, PeerRow)) == list(range(40))
    assert [found.name for found in tmp_path.iterdir()] == ["rows.jsonl"]


def add_ten(path, first):
    for number in range(first, first + 10):
        add_rows(path, PeerRow, [row(PeerRow, train_size=number)])


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x0c"])
def test_a_mark_that_python_takes_for_the_end_of_a_line_stays_within_a_value(tmp_path, mark):
    path, odd = tmp_path / "rows.jsonl", row(PeerRow, command=f"peers --dataset a{mark}b.csv")
    add_rows(path, PeerRow, [odd])
    assert read_rows(path, PeerRow) == [odd]


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
