import numpy as np
import pytest

from data.acl_imdb import AclImdb
from data.errors import DataError


@pytest.fixture
def folder(tmp_path):
    for split in ("train", "test"):
        for label, rating in (("neg", 2), ("pos", 9)):
            reviews = tmp_path / split / label
            reviews.mkdir(parents=True)
            for number in range(12):
                (reviews / f"{number}_{rating}.txt").write_text(f"{split} {label} {number}")
            urls = "".join(f"http://www.imdb.com/title/tt{n // 4}/usercomments\n" for n in range(12))
            (tmp_path / split / f"urls_{label}.txt").write_text(urls)
    return tmp_path


def test_reviews_are_in_order_of_their_numbers_with_their_films(folder):
    raw = AclImdb(folder).load()
    assert raw.train.texts == tuple(f"train {label} {n}" for label in ("neg", "pos") for n in range(12))
    assert raw.test.texts[0] == "test neg 0"
    assert np.bincount(raw.train.labels).tolist() == [12, 12]
    assert raw.train.groups == tuple(f"tt{n // 4}" for _ in range(2) for n in range(12))


def test_films_are_not_claimed_where_they_are_not_known(folder):
    (folder / "train" / "urls_pos.txt").unlink()
    assert AclImdb(folder).load().train.groups is None


def test_a_file_that_is_not_utf_8(folder):
    (folder / "train" / "pos" / "3_9.txt").write_bytes(b"caf\xe9")
    with pytest.raises(DataError, match=r"pos/3_9\.txt is not UTF-8"):
        AclImdb(folder).load()


def test_a_file_that_is_no_review(folder):
    (folder / "train" / "pos" / "notes.txt").touch()
    with pytest.raises(DataError, match=r"ID_RATING\.txt"):
        AclImdb(folder).load()


def test_an_empty_folder(tmp_path):
    with pytest.raises(DataError, match="no reviews"):
        AclImdb(tmp_path).load()
