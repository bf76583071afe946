"""The README is short, and its plug-in, its first demonstration and its program run as they are shown."""

import re
import subprocess
import sys

import pytest
from markdown_pages import blocks, undescribed_columns

from benchmarks.hardware.origin import CHECKOUT
from data.dataset import DataError
from data.imdb_packaged import ImdbPackaged

README = CHECKOUT / "README.md"
LINES = 160


def benchmarks(*words, folder):
    """Run the program in a folder; its exit status and output."""
    command = [sys.executable, "-m", "benchmarks", *map(str, words)]
    environment = {"PYTHONPATH": str(CHECKOUT), "OMP_NUM_THREADS": "1", "COLUMNS": "80"}
    ended = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=280, check=False
    )
    return ended.returncode, ended.stdout + ended.stderr


def test_it_is_short():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= LINES


def plugin():
    (code,) = (block for block in blocks(README, "python") if "class " in block)
    return code


def test_its_plug_in_has_twelve_lines():
    assert len([line for line in plugin().splitlines() if line.strip()]) <= 12


GUIDE = CHECKOUT / "docs" / "how-to" / "add-a-model.md"


def test_the_how_to_guide_shows_the_same_plug_in():
    assert plugin() in blocks(GUIDE, "python")


@pytest.mark.parametrize(
    ("plugin", "settings"),
    [
        (plugin(), []),
        (next(block for block in blocks(GUIDE, "python") if "class Gru" in block), ["--set", "gru.min_steps=30"]),
    ],
    ids=["pipeline", "network"],
)
def test_plug_ins_on_the_pages_keep_the_contract(plugin, settings, tmp_path):
    (tmp_path / "shown.py").write_text(plugin)
    status, output = benchmarks("check", "shown.py", *settings, folder=tmp_path)
    assert status == 0, output
    assert "FAIL" not in output


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with the run of the README's first command, at the smaller of its two sizes."""
    try:
        ImdbPackaged().load()
    except DataError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("readme")
    words = (
        "run",
        "--models",
        "nbsvm",
        "tfidf_logreg",
        "--losses",
        "ce",
        "--train-size",
        "2000",
        "--out",
        "results/quick",
    )
    status, output = benchmarks(*words, folder=folder)
    assert status == 0, output
    return folder


SHOWN = re.compile(r'^python -m benchmarks predict results/quick ((?:"[^"]+" ?)+)$', re.MULTILINE)
LABELLED = re.compile(r"^(positive|negative)\s+[\d.]+ ?%\s+(.*)$", re.MULTILINE)


def test_its_first_demonstration_tells_the_truth(trained):
    (texts,) = (re.findall(r'"([^"]+)"', shown[1]) for block in blocks(README, "sh") for shown in SHOWN.finditer(block))
    for cell in ("nbsvm-*", "tfidf_logreg-*"):
        status, output = benchmarks("predict", "results/quick", *texts, "Not bad.", "--cell", cell, folder=trained)
        assert status == 0, output
        labels = {text: label for label, text in LABELLED.findall(output)}
        assert labels == {texts[0]: "positive", texts[1]: "negative", "Not bad.": "negative"}


def test_its_program_runs(trained):
    (program,) = (block for block in blocks(README, "python") if "class " not in block)
    ended = subprocess.run([sys.executable, "-c", program], cwd=trained, env={"PYTHONPATH": str(CHECKOUT)}, check=False)
    assert ended.returncode == 0


def test_every_column_of_its_cells_is_described(trained):
    assert undescribed_columns(trained / "results" / "quick" / "cells.csv") == []
