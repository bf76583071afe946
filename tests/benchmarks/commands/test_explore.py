"""`explore` as it is typed: every problem in one go, 80 columns, and a command that works."""

import shlex
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.commands.data_options import DataOptions
from benchmarks.commands.suggestion import as_typed, run_words


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def messy(path):
    rows = [
        {"id": n, "What they wrote": f"a review of {n} words, more or less", "Stars & more": ("5", "1")[n % 2]}
        for n in range(200)
    ]
    frame = pd.DataFrame(rows)
    frame["Stars & more"] = frame["Stars & more"].map({"5": "Positive", "1": "Negative"})
    frame.loc[7, "Stars & more"] = "Negatve"
    frame.loc[9, "What they wrote"] = ""
    frame.to_csv(path, index=False, sep=";")


def suggested(output):
    _, _, command = output.partition("to train on it:\n")
    assert command
    return shlex.split(command.replace("\\\n", " "))


def test_it_ends_with_the_command_that_works_and_fits_80_columns(type_in, tmp_path):
    messy(tmp_path / "my reviews.csv")
    status, output, errors = type_in("explore", "--dataset", "my reviews.csv", "--no-near-duplicates")
    assert (status, errors) == (0, "")
    assert max(map(len, output.splitlines())) <= 80
    words = suggested(output)
    assert words[:4] == ["python", "-m", "benchmarks", "run"]
    assert words[words.index("--text-column") + 1] == "What they wrote"
    assert words[words.index("--label-column") + 1] == "Stars & more"
    assert words[words.index("--label-map") + 1] == "Negative,Negatve=Negative;Positive=Positive"
    status, output, errors = type_in(*words[3:], "--models", "nbsvm", "--dry-run")
    assert (status, errors) == (0, "")
    assert "classes: Negative, Positive" in output


def test_every_problem_is_named_at_once_with_the_columns(type_in, tmp_path):
    rows = ["a,b,stars", *(f"some words of {n},other words of {n},{n % 2}" for n in range(40)), "x", "y,z"]
    (tmp_path / "odd.csv").write_text("\n".join(rows))
    status, output, errors = type_in("explore", "--dataset", "odd.csv", "--group-column", "author")
    assert status == 2
    first, second = errors.splitlines()
    assert "2 rows with another number of fields than the 3 of the header: line 42 (1), line 43 (2)" in first
    assert "several columns could be the text: a, b; name it with --text-column" in second
    assert "--group-column 'author': no such column" in second
    assert "some words of 0" in output
    assert "--text-column a --label-column stars" in output.replace("\\\n    ", "")
    assert max(map(len, output.splitlines())) <= 80
    assert sorted(path.name for path in tmp_path.iterdir()) == ["odd.csv"]


def test_a_single_problem_is_one_line(type_in):
    status, output, errors = type_in("explore", "--dataset", "no.csv")
    assert (status, len(errors.splitlines())) == (2, 1)
    assert "no such file or folder" in errors
    assert output == "Loading ...\n"


def test_what_the_user_gave_is_kept():
    data = DataOptions(dataset="-a b.csv", text_column="t", label_map="1=a;2=b", test_size="0.2")
    facts = {"text column": "other", "label column": "stars"}
    words = run_words(data, "smoke", [Path("my plug.py")], facts, {"a": 900, "A": 1})
    assert words[4:] == [
        *("--plugin", "my plug.py", "--suite", "smoke", "--dataset=-a b.csv", "--text-column", "t"),
        *("--label-column", "stars", "--label-map", "1=a;2=b", "--test-size", "0.2"),
    ]
    typed = as_typed(words, 60)
    assert max(map(len, typed.splitlines())) <= 60
    assert shlex.split(typed.replace("\\\n", " ")) == words
