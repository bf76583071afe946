"""From a name to a dataset: whatever is no name, path or Hub name is one line with the cure."""

import pytest

from benchmarks.config.datasets import load_dataset
from benchmarks.config.suite import Data
from benchmarks.errors import UsageError


@pytest.mark.parametrize(
    ("name", "finding"),
    [
        ("https://huggingface.co/datasets/a/b-c/viewer", "it is an address; the dataset of the Hub is hf:a/b-c@main$"),
        ("huggingface.co/datasets/a/b", "the dataset of the Hub is hf:a/b@main$"),
        (
            "https://example.org/reviews.csv",
            "it is an address; download the file, or name a dataset of the Hub as hf:OWNER",
        ),
        ("stanfordnlp/imdb", "the dataset of the Hub is hf:stanfordnlp/imdb@main"),
        ("results/none.csv", "no such file or folder"),
        ("here/none", "no such file or folder"),
        ("here/book.xls", r"'\.xls' cannot be read; save the sheet as \.xlsx, or as CSV in UTF-8"),
        ("here/all.tar.gz", r"'\.gz' cannot be read; unpack it first"),
    ],
)
def test_what_cannot_be_data_is_one_line_with_the_cure(tmp_path, monkeypatch, name, finding):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    for file in ("book.xls", "all.tar.gz"):
        (tmp_path / "here" / file).touch()
    with pytest.raises(UsageError, match=finding) as caught:
        load_dataset(Data(name=name))
    assert (caught.value.option, caught.value.value) == ("dataset", name)
    assert "hf:here" not in str(caught.value)
    assert "hf:results" not in str(caught.value)


def test_a_named_dataset_has_its_own_columns():
    with pytest.raises(UsageError, match="`text_column`, `missing` cannot change them"):
        load_dataset(Data(name="imdb-packaged", text_column="x", missing="error"))


def test_a_named_dataset_may_be_cut_otherwise(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.config.datasets.names", lambda kind: ("blocks",))
    import numpy as np

    from data.source import RawDataset, RawSplit, Source

    class Blocks(Source):
        def load(self):
            texts = tuple(f"text {row}" for row in range(1000))
            return RawDataset(RawSplit(texts, np.arange(1000) % 2), None, order="blocks")

    monkeypatch.setattr("benchmarks.config.datasets.source_class", lambda name: Blocks)
    monkeypatch.setattr("benchmarks.config.datasets.entry", lambda kind, name: type("Entry", (), {"plugin": ""}))
    assert load_dataset(Data(name="blocks")).test.groups is not None
    assert load_dataset(Data(name="blocks", split_order="random")).test.groups is None
