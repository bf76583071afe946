"""One content address: another fingerprint for every ingredient that decides a result, the same for everything else."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data.dataset import Dataset, Split

REPOSITORY = Path(__file__).parent.parent.parent


def split(prefix, size=6):
    return Split(
        texts=tuple(f"{prefix} {row}" for row in range(size)),
        labels=np.arange(size) % 2,
        lengths=np.full(size, 2),
        rows=np.arange(size),
        class_names=("neg", "pos"),
        groups=tuple(f"g{row // 2}" for row in range(size)),
    )


DATASET = Dataset("reviews.csv", split("a"), split("b"), split("c"), {"origin": "here"}, np.array([1]), ("a note",))


def swapped(values):
    """The values (N,) with the first two exchanged."""
    values = np.array(values)
    values[[0, 1]] = values[[1, 0]]
    return values


def with_split(which, **changes):
    return dataclasses.replace(DATASET, **{which: dataclasses.replace(getattr(DATASET, which), **changes)})


def per_split(which):
    own = getattr(DATASET, which)
    return {
        f"a text of {which}": with_split(which, texts=("other", *own.texts[1:])),
        f"the order of {which}": dataclasses.replace(DATASET, **{which: own.take(np.array([1, 0, 2, 3, 4, 5]))}),
        f"where texts of {which} end": with_split(which, texts=(own.texts[0] + own.texts[1], "", *own.texts[2:])),
        f"a label of {which}": with_split(which, labels=swapped(own.labels)),
        f"a length of {which}": with_split(which, lengths=np.append(own.lengths[1:], 9)),
        f"a row number of {which}": with_split(which, rows=own.rows + 1),
        f"the class names of {which}": with_split(which, class_names=("pos", "neg")),
        f"a class name of {which}": with_split(which, class_names=("neg", "positive")),
        f"a class more in {which}": with_split(which, class_names=("neg", "pos", "other")),
        f"a group of {which}": with_split(which, groups=("g9", *own.groups[1:])),
        f"no groups in {which}": with_split(which, groups=None),
    }


CHANGES = {
    **per_split("train"),
    **per_split("valid"),
    **per_split("test"),
    "which split is which": dataclasses.replace(DATASET, train=DATASET.valid, valid=DATASET.train),
    "a row moved to another split": dataclasses.replace(
        DATASET,
        train=DATASET.train.take(np.arange(5)),
        valid=DATASET.valid.joined(DATASET.train.take(np.array([5]))),
    ),
    "the leaked rows": dataclasses.replace(DATASET, leaked_test_rows=np.array([2])),
    "whether rows are split by time": dataclasses.replace(DATASET, by_time=True),
    "no leaked rows": dataclasses.replace(DATASET, leaked_test_rows=np.array([], dtype=np.int64)),
}
SAME = {
    "the name": dataclasses.replace(DATASET, name="./reviews.csv"),
    "provenance": dataclasses.replace(DATASET, provenance={"origin": "elsewhere"}),
    "notes": dataclasses.replace(DATASET, notes=()),
    "the width of the label's type": with_split("train", labels=DATASET.train.labels.astype(np.int32)),
    "the order of the leaked rows": dataclasses.replace(DATASET, leaked_test_rows=np.array([1])),
    "labels that lie apart in memory": with_split("test", labels=np.repeat(DATASET.test.labels, 2)[::2]),
}


@pytest.mark.parametrize("ingredient", CHANGES)
def test_whatever_decides_a_result_changes_the_fingerprint(ingredient):
    assert CHANGES[ingredient].fingerprint != DATASET.fingerprint


def test_no_two_of_them_are_alike():
    assert len({dataset.fingerprint for dataset in CHANGES.values()}) == len(CHANGES)


@pytest.mark.parametrize("ingredient", SAME)
def test_what_is_only_shown_does_not(ingredient):
    assert SAME[ingredient].fingerprint == DATASET.fingerprint


def test_every_field_is_either_covered_or_named_here_as_only_shown():
    assert {f.name for f in dataclasses.fields(Split)} == {
        "texts", "labels", "lengths", "rows", "class_names", "groups"
    }  # fmt: skip
    shown = {"name", "provenance", "notes"}
    assert {f.name for f in dataclasses.fields(Dataset)} == {
        "train",
        "valid",
        "test",
        "leaked_test_rows",
        "by_time",
    } | shown


PROGRAM = """
import sys
from pathlib import Path
from data.files import open_path
from data.prepare import prepare
dataset = prepare(open_path(Path(sys.argv[1])), "x", valid_size=20, test_size=20)
print(dataset.fingerprint, dataset.train.class_names)
"""


@pytest.mark.parametrize(
    "labels",
    [("1", "01", "2", "02"), ("0", "-0", "+0", "00"), ("0.5", "10", "2", "9.5"), ("b", "B", "a", "á")],
    ids=",".join,
)
def test_neither_classes_nor_splits_depend_on_the_hash_seed(tmp_path, labels):
    rows = "".join(f"text number {row},{labels[row % 4]}\n" for row in range(200))
    (tmp_path / "a.csv").write_text("text,label\n" + rows, encoding="utf-8")
    outputs = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM, str(tmp_path / "a.csv")],
            env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(1, 5)
    }
    assert len(outputs) == 1
