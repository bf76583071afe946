"""Excel workbooks: the same rows as the same table in any other file, by the extra `excel`."""

import builtins
import zipfile

import pandas as pd
import pytest

from data.column_texts import column_texts
from data.errors import DataError
from data.files import open_path
from data.tables import read_table

FRAME = pd.DataFrame({"text": [f"text number {row}" for row in range(40)], "stars": [1, 5] * 20})


def test_without_openpyxl_the_cure_is_named(tmp_path, monkeypatch):
    (tmp_path / "a.xlsx").write_bytes(b"x")
    real = builtins.__import__

    def without(name, *others):
        if name == "openpyxl":
            raise ImportError(name)
        return real(name, *others)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(
        DataError, match=r"need the package openpyxl: `python -m pip install .*, or save the sheet as CSV"
    ):
        read_table(tmp_path / "a.xlsx")


@pytest.fixture
def workbook(tmp_path):
    """Write sheets: name -> rows of cells."""
    openpyxl = pytest.importorskip("openpyxl")

    def workbook(sheets, name="reviews.xlsx"):
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        book.save(tmp_path / name)
        return tmp_path / name

    return workbook


def test_a_workbook_holds_what_a_csv_file_holds(tmp_path, workbook):
    path = workbook({"Sheet1": [["text", "stars"], *FRAME.to_numpy().tolist()]})
    FRAME.to_csv(tmp_path / "reviews.csv", index=False)
    sheet, plain = open_path(path).load(), open_path(tmp_path / "reviews.csv").load()
    assert (sheet.train.texts, sheet.class_names) == (plain.train.texts, plain.class_names)
    assert sheet.train.labels.tolist() == plain.train.labels.tolist()
    assert sheet.notes == ()
    assert list(column_texts(path, None)) == FRAME["text"].tolist()


def test_rows_are_numbered_as_the_sheet_numbers_them(workbook):
    rows = [[], ["id", "text", "label", None, "note"], *([n, f"text {n}", "ab"[n % 2]] for n in range(40))]
    rows[5] = []
    rows[7] = [5, None, "a"]
    rows[9] = [7, "NA", "b"]
    path = workbook({"about": [["This is a title"]], "data": rows, "more": rows})
    raw = open_path(path).load()
    assert raw.notes == (
        "reviews.xlsx: the sheet 'data' is read, and not 'about', 'more'; for another, save it as CSV",
        "1 of 39 rows dropped, their text missing (reviews.xlsx: sheet row 8)",
    )
    assert "NA" in raw.train.texts
    assert read_table(path).frame.columns.tolist() == ["id", "text", "label", "note"]


def test_a_workbook_without_rows_or_of_something_else_is_one_line(tmp_path, workbook):
    with pytest.raises(DataError, match=r"reviews\.xlsx has no sheet with rows"):
        read_table(workbook({"a": [["text", "label"]]}))
    (tmp_path / "b.xlsx").write_bytes(b"text,label\n")
    with pytest.raises(DataError, match=r"b\.xlsx is not a readable xlsx file"):
        read_table(tmp_path / "b.xlsx")
    with zipfile.ZipFile(tmp_path / "c.xlsx", "w") as file:
        file.writestr("x", "y")
    with pytest.raises(DataError, match=r"c\.xlsx is not a readable xlsx file"):
        read_table(tmp_path / "c.xlsx")


def test_a_workbook_that_unpacks_to_more_than_memory_is_refused(workbook, monkeypatch):
    path = workbook({"a": [["text", "label"], *([["x" * 100, "a"]] * 20_000)]})
    monkeypatch.setattr("data.tables.available", lambda: 1_000_000)
    with pytest.raises(DataError, match="unpacks to more than"):
        read_table(path)
