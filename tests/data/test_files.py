import gzip

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from data.acl_imdb import AclImdb
from data.errors import DataError
from data.files import open_path

FRAME = pd.DataFrame(
    {
        "text": ["a good film", 'he said "no", twice', "third\nline", "café ✓"],
        "label": np.array([1, 0, 1, 0], dtype=np.int8),
        "movie": ["x", "y", "x", "z"],
    }
)

WRITE = {
    "parquet": lambda frame, path: frame.to_parquet(path),
    "csv": lambda frame, path: frame.to_csv(path, index=False),
    "tsv": lambda frame, path: frame.to_csv(path, index=False, sep="\t"),
    "jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True),
}


@pytest.mark.parametrize("kind", WRITE)
def test_every_kind_of_file_says_the_same(tmp_path, kind):
    path = tmp_path / f"reviews.{kind}"
    WRITE[kind](FRAME, path)
    raw = open_path(path).load()
    assert raw.train.texts == tuple(FRAME["text"])
    assert raw.train.labels.tolist() == [1, 0, 1, 0]
    assert raw.train.labels.dtype == np.int64
    assert raw.test is None
    assert dict(raw.provenance) == {
        f"sha256 of reviews.{kind}": raw.provenance[f"sha256 of reviews.{kind}"],
        "text column": "text",
        "label column": "label",
    }


@pytest.mark.parametrize("kind", WRITE)
def test_a_folder_has_a_train_and_a_test_file(tmp_path, kind):
    WRITE[kind](FRAME, tmp_path / f"train.{kind}")
    WRITE[kind](FRAME[:2], tmp_path / f"test.{kind}")
    raw = open_path(tmp_path).load()
    assert (len(raw.train.texts), len(raw.test.texts)) == (4, 2)


@pytest.mark.parametrize("compress", [gzip.compress, lambda content: pa.Codec("zstd").compress(content, asbytes=True)])
@pytest.mark.parametrize("kind", WRITE)
def test_compressed_files_say_the_same(tmp_path, kind, compress):
    path = tmp_path / f"reviews.{kind}"
    WRITE[kind](FRAME, path)
    ending = ".gz" if compress is gzip.compress else ".zst"
    packed = path.with_name(path.name + ending)
    packed.write_bytes(compress(path.read_bytes()))
    assert open_path(packed).load().train.texts == tuple(FRAME["text"])


def test_a_glob_is_one_table_in_the_order_of_names(tmp_path):
    for name, rows in {"b.csv": FRAME[2:], "a.csv.gz": FRAME[:2]}.items():
        rows.to_csv(tmp_path / name, index=False)
    raw = open_path(tmp_path / "*.csv*").load()
    assert raw.train.texts == tuple(FRAME["text"])
    assert list(raw.provenance)[:2] == ["sha256 of a.csv.gz", "sha256 of b.csv"]


def test_files_of_one_table_have_the_same_columns(tmp_path):
    FRAME.to_csv(tmp_path / "a.csv", index=False)
    FRAME.drop(columns="movie").to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(DataError, match=r"b\.csv has columns text, label, but a\.csv has text, label, movie"):
        open_path(tmp_path / "*.csv").load()


def test_shards_of_a_split_are_one_table(tmp_path):
    for number, rows in enumerate((FRAME[:2], FRAME[2:])):
        rows.to_parquet(tmp_path / f"train-0000{number}-of-00002.parquet")
    FRAME.to_csv(tmp_path / "validation.csv", index=False)
    raw = open_path(tmp_path).load()
    assert raw.train.texts == raw.valid.texts == tuple(FRAME["text"])


def test_two_tables_of_one_split_are_an_error(tmp_path):
    FRAME.to_csv(tmp_path / "train.csv", index=False)
    FRAME.to_parquet(tmp_path / "train.parquet")
    with pytest.raises(DataError, match=r"2 tables 'train': train\.csv, train\.parquet"):
        open_path(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "finding"),
    [
        ("a.csv", b"", "a.csv is empty"),
        ("a.csv", b"text,label\n", "a.csv has no rows"),
        ("a.csv", b"text,label\n\xff\xfe,1\n", "a.csv is not UTF-8"),
        (
            "a.csv",
            b"text,shade\nx,1\n",
            r"a.csv: no label column; name it with `label_column` \(choices: text, shade\)",
        ),
        ("a.csv", b"text,text,label\nx,y,1\n", "a.csv: 2 columns 'text'; rename one"),
        ("a.csv", b"text,label\nx,1\ny\n", "a.csv"),
        (
            "a.csv",
            b"text,label\nx,1\ny,0,3\n",
            r"a.csv: 1 row with another number of fields than the 2 of the header: line 3 \(3\)",
        ),
        ("a.csv", b"text,label\nx,a\ny,b\nz,c\n", "3 different labels in 3 rows, too many to be classes"),
        ("a.csv", b"text,label\nx,1\ny,1\n", "a.csv has one class only: every label is 1"),
        ("a.jsonl", b"{\n", "a.jsonl is not a readable jsonl file"),
        ("a.jsonl", b'{"text": ["x"], "label": 1}\n', "column 'text', line 1: a text is expected, not list"),
        ("a.jsonl", b'{"text": 5, "label": 1}\n{"text": 6, "label": 0}\n', "holds numbers, not texts"),
        ("a.parquet", b"PAR1", "a.parquet is not a readable parquet file"),
        ("a.parquet", gzip.compress(b"x", mtime=0), "a.parquet is not a readable parquet file"),
        ("a.xls", b"x", r"files of type '\.xls' cannot be read"),
    ],
)
def test_an_unusable_file_is_said_in_one_line(tmp_path, name, content, finding):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=finding) as caught:
        open_path(tmp_path / name).load()
    assert "\n" not in str(caught.value)


def test_a_path_without_anything(tmp_path):
    with pytest.raises(DataError, match="no such file or folder"):
        open_path(tmp_path / "nothing.csv")


def test_a_folder_without_a_train_file(tmp_path):
    with pytest.raises(DataError, match=r"no train file \(choices: train\.parquet"):
        open_path(tmp_path)


@pytest.fixture
def acl_imdb(tmp_path):
    for split in ("train", "test"):
        for label in ("neg", "pos"):
            folder = tmp_path / "aclImdb" / split / label
            folder.mkdir(parents=True)
            for number in (0, 1, 10):
                (folder / f"{number}_7.txt").write_text(f"{split} {label} {number}", encoding="utf-8")
            films = [f"http://www.imdb.com/title/tt000000{i // 2}/usercomments" for i in range(11)]
            (folder.parent / f"urls_{label}.txt").write_text("\n".join(films))
    return tmp_path / "aclImdb"


def test_the_authors_folder_is_read_with_its_films(acl_imdb):
    source = open_path(acl_imdb)
    assert isinstance(source, AclImdb)
    raw = source.load()
    assert raw.train.texts == tuple(f"train {label} {number}" for label in ("neg", "pos") for number in (0, 1, 10))
    assert raw.train.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert raw.train.groups == ("tt0000000", "tt0000000", "tt0000005") * 2


def test_a_review_that_is_not_utf8_is_named(acl_imdb):
    (acl_imdb / "test" / "pos" / "1_7.txt").write_bytes(b"\xff")
    with pytest.raises(DataError, match=r"pos/1_7\.txt is not UTF-8"):
        open_path(acl_imdb).load()


def test_a_file_with_another_name_is_named(acl_imdb):
    (acl_imdb / "train" / "neg" / "notes.txt").write_text("x")
    with pytest.raises(DataError, match=r"neg/notes\.txt is not named ID_RATING\.txt"):
        open_path(acl_imdb).load()


def test_the_authors_folder_is_known_without_its_lists_and_with_unlabelled_reviews(acl_imdb):
    for path in acl_imdb.rglob("urls_*.txt"):
        path.unlink()
    (acl_imdb / "train" / "unsup").mkdir()
    (acl_imdb / "train" / "unsup" / "0_0.txt").write_text("x")
    assert isinstance(open_path(acl_imdb), AclImdb)


def test_a_folder_without_reviews_is_named(acl_imdb):
    for path in (acl_imdb / "test").rglob("*_7.txt"):
        path.unlink()
    with pytest.raises(DataError, match="no reviews in aclImdb/test"):
        open_path(acl_imdb).load()
