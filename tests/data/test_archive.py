"""A .zip file with exactly one table is read as the table; nothing in it decides where anything is written."""

import zipfile

import pandas as pd
import pytest

from data import archive
from data.column_texts import column_texts
from data.errors import DataError
from data.files import open_path
from data.tables import read_table

FRAME = pd.DataFrame({"text": [f"text number {row}" for row in range(40)], "label": ["a", "b"] * 20})


@pytest.fixture
def packed(tmp_path):
    def packed(members, name="reviews.zip"):
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for member, content in members.items():
                file.writestr(member, content)
        return path

    return packed


CONTENTS = {
    "csv": FRAME.to_csv(index=False).encode(),
    "tsv": FRAME.to_csv(index=False, sep="\t").encode("utf-16"),
    "jsonl": FRAME.to_json(orient="records", lines=True).encode(),
    "json": FRAME.to_json(orient="records").encode(),
    "parquet": FRAME.to_parquet(),
}


@pytest.mark.parametrize("kind", CONTENTS)
@pytest.mark.parametrize("name", ["reviews.zip", "reviews.{}.ZIP"])
def test_the_only_table_is_read_by_training_and_prediction(packed, kind, name):
    others = {"readme.txt": b"x", "__MACOSX/._r.csv": b"x", "in/.hidden.csv": b"x", "in/": b""}
    path = packed({f"in/r.{kind}": CONTENTS[kind], **others}, name.format(kind))
    assert open_path(path).load().train.texts == tuple(FRAME["text"])
    assert list(column_texts(path, None)) == FRAME["text"].tolist()


def test_a_split_of_a_folder_may_be_an_archive(packed, tmp_path):
    packed({"any.csv": CONTENTS["csv"]}, "train.zip")
    packed({"test.csv": CONTENTS["csv"]}, "test.csv.zip")
    raw = open_path(tmp_path).load()
    assert raw.train.texts == raw.test.texts


@pytest.mark.parametrize("escape", ["../../escaped.csv", "/tmp/escaped.csv"])
def test_a_path_in_the_archive_is_not_used(packed, tmp_path, escape):
    path = packed({escape: CONTENTS["csv"]})
    assert len(read_table(path).frame) == 40
    assert [file.name for file in tmp_path.iterdir()] == ["reviews.zip"]


@pytest.mark.parametrize(
    ("members", "finding"),
    [
        ({}, r"reviews\.zip holds no table \(\.parquet, .*\), and one is wanted; unpack it"),
        ({"a.txt": b"x"}, "holds no table"),
        ({"a.csv": b"x", "in/b.csv": b"y"}, r"holds 2 tables \(a\.csv, in/b\.csv\), and one is wanted; unpack it"),
        ({"a.csv.gz": b"x"}, "holds no table"),
        ({"a.csv": b""}, r"reviews\.zip is empty"),
    ],
)
def test_anything_else_is_one_line(packed, members, finding):
    path = packed(members)
    for read in (lambda: read_table(path), lambda: list(column_texts(path, None))):
        with pytest.raises(DataError, match=finding) as caught:
            read()
        assert "\n" not in str(caught.value)


def test_a_damaged_or_locked_archive_is_one_line(packed, tmp_path):
    path = packed({"a.csv": CONTENTS["csv"]})
    content = bytearray(path.read_bytes())
    path.write_bytes(content[:60] + b"\0\0\0\0" + content[64:])  # within the compressed content
    with pytest.raises(DataError, match=r"reviews\.zip is not a readable"):
        read_table(path)
    flag = content.index(b"PK\x01\x02") + 8  # of the central directory: encrypted
    content[flag] |= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="needs a password"):
        read_table(path)
    (tmp_path / "none.zip").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"none\.zip is not a readable zip file"):
        read_table(tmp_path / "none.zip")


def test_the_declared_size_is_checked_before_anything_is_unpacked(packed, monkeypatch):
    path = packed({"a.csv": b"text,label\n" + b"x" * 3_000_000})
    monkeypatch.setattr("data.tables.available", lambda: 4_000_000)
    monkeypatch.setattr(archive, "BufferedReader", lambda *_: pytest.fail("it is unpacked"))
    with pytest.raises(DataError, match="unpacks to more than"):
        read_table(path)


def test_no_more_is_read_than_is_declared(packed):
    path = packed({"a.csv": b"text,label\n" + b"long,a\n" * 1_000})
    content = path.read_bytes()
    declared = content.index(b"PK\x01\x02") + 24
    path.write_bytes(content[:declared] + (18).to_bytes(4, "little") + content[declared + 4 :])
    try:
        assert len(read_table(path).frame) == 1
    except DataError as error:
        assert "is not a readable" in str(error)  # noqa: PT017  (either is right)
