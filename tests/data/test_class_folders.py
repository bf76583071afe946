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
    assert raw.provenance["rows dropped whose label is not in the map"] == "5 of 15: so-so (5 rows)"


@pytest.mark.parametrize(
    "more", ["train/pos/review5.txt", "train/pos/5.txt", "train/neu/1_5.txt", "test/neu/1_5.txt", "Val/pos/3_7.txt"]
)
def test_classes_named_as_those_of_acl_imdb_are_read_whole(tmp_path, more):
    for name in ("train/neg/1_2", "train/pos/1_9", "test/neg/2_2", "test/pos/2_9"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"{name}.txt").write_text(f"text {name}", encoding="utf-8")
    (tmp_path / more).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / more).write_text("one more", encoding="utf-8")
    source = open_path(tmp_path)
    assert isinstance(source, ClassFolders)
    assert sum(len(source.table(split).table.frame) for split in source.split_names()) == 5


def test_hidden_and_system_files_are_skipped_and_counted(tmp_path):
    write(tmp_path)
    (tmp_path / "good" / "5.TXT").write_text("good text in capitals")
    for folder in (".ipynb_checkpoints", "__MACOSX", "good/.ipynb_checkpoints"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a-checkpoint.txt").write_text("left by a program")
    (tmp_path / "bad" / "._0.txt").write_bytes(b"\x00\x05\x16\x07\xff")
    (tmp_path / "bad" / ".DS_Store").write_bytes(b"\x00")
    raw = open_path(tmp_path).load()
    assert raw.class_names == ("bad", "good", "so-so")
    assert len(raw.train.texts) == 13
    assert raw.notes == (f"{tmp_path.name}: 5 hidden or system files and folders skipped",)


def test_an_empty_file_is_named(tmp_path):
    write(tmp_path)
    (tmp_path / "good" / "1.txt").write_text("")
    assert open_path(tmp_path).load().notes == (
        f"1 of 12 rows dropped, their text missing ({tmp_path.name}: good/1.txt)",
    )


def test_hidden_tables_are_no_splits(tmp_path):
    for name in ("train.CSV", "._train.csv"):
        (tmp_path / name).write_text("text,label\n" + "".join(f"text {n},{n % 2}\n" for n in range(20)))
    assert len(open_path(tmp_path).load().train.texts) == 20


def test_a_text_that_is_not_utf8_is_named(tmp_path):
    write(tmp_path)
    (tmp_path / "good" / "1.txt").write_bytes(b"\xff")
    with pytest.raises(DataError, match=r"good/1\.txt is not UTF-8"):
        open_path(tmp_path).load()
