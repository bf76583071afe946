import pytest

from data.class_folders import ClassFolders
from data.errors import DataError
from data.files import open_path
from data.label_map import parse_label_map
from data.reading import Reading


def write(folder, classes=("bad", "good", "so-so"), texts=4):
    for name in classes:
        (folder / name).mkdir(parents=True)
        for number in range(texts):
            (folder / name / f"{number}.txt").write_text(f"{name} text {number}", encoding="utf-8")


def test_a_folder_is_a_class(tmp_path):
    write(tmp_path)
    source = open_path(tmp_path)
    assert isinstance(source, ClassFolders)
    raw = source.load()
    assert raw.class_names == ("bad", "good", "so-so")
    assert raw.train.labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert raw.train.texts[5] == "good text 1"
    assert raw.reading == ""


def test_splits_may_be_folders_above(tmp_path):
    write(tmp_path / "train")
    write(tmp_path / "test", texts=1)
    raw = open_path(tmp_path, Reading(label_map=parse_label_map("bad=neg;good=pos"))).load()
    assert (len(raw.train.texts), len(raw.test.texts)) == (8, 2)
    assert raw.provenance["rows dropped, their label not in the map"] == "5 of 15: so-so (5 rows)"


def test_a_text_that_is_not_utf8_is_named(tmp_path):
    write(tmp_path)
    (tmp_path / "good" / "1.txt").write_bytes(b"\xff")
    with pytest.raises(DataError, match=r"good/1\.txt is not UTF-8"):
        open_path(tmp_path).load()
