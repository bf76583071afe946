"""What results may show: one line, nothing invisible, no folders."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.redaction import command_without_folders, plain, reason_without_folders, shortened, without_folders
from benchmarks.schema.result import CellResult


@given(st.text())
def test_a_plain_text_is_one_printable_line(text):
    assert plain(text).isprintable()
    assert plain(plain(text)) == plain(text)
    assert len(shortened(text, 10)) <= 10


@pytest.mark.parametrize(
    ("argument", "shown"),
    [
        ("/home/alice/reviews.csv", "…/reviews.csv"),
        ("~/reviews.csv", "…/reviews.csv"),
        ("~alice/reviews.csv", "…/reviews.csv"),
        ("../alice/reviews.csv", "…/reviews.csv"),
        ("data/../../alice/reviews.csv", "…/reviews.csv"),
        ("--dataset=/home/alice/my files/reviews.csv", "--dataset=…/reviews.csv"),
        ("distilbert.encoder=/home/alice/one,minilm,/srv/acme/two", "distilbert.encoder=…/one,minilm,…/two"),
        ("hf:/home/alice/copy", "hf:…/copy"),
        ("ray://alice:secret@head:10001", "ray://…"),
        ("data/reviews.csv", "data/reviews.csv"),
        ("imdb-packaged", "imdb-packaged"),
        ("hf:stanfordnlp/imdb@main", "hf:stanfordnlp/imdb@main"),
        ("lstm.epochs=1,2", "lstm.epochs=1,2"),
        ("", ""),
    ],
)
def test_folders_that_lead_out_of_the_working_folder_are_left_out(argument, shown):
    assert without_folders(argument) == shown
    assert command_without_folders(["run", argument]) == ["run", shown]


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("No such file: '/home/alice/my files/x.bin'", "No such file: '…/x.bin'"),
        ("/root/y/z.bin and ~alice/q/r.bin: gone", "…/z.bin and …/r.bin: gone"),
        ("cannot open ../../alice/x", "cannot open …/x"),
        (
            "ends after 1/2 of and/or; see https://example.org/a/b",
            "ends after 1/2 of and/or; see https://example.org/a/b",
        ),
        ("two\nlines\x1b[31m", "two lines [31m"),
    ],
)
def test_a_reason_names_files_without_their_folders(reason, shown, make_spec):
    assert reason_without_folders(reason) == shown
    assert CellResult(spec=make_spec(), status="failed", reason=reason).reason == shown
