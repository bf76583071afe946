"""The README is short, and its plug-in, its first demonstration and its program run as they are shown."""

import re
import shlex
import subprocess
import sys

import pandas as pd
import pytest
from markdown_pages import blocks, undescribed_columns

from benchmarks.hardware.origin import CHECKOUT
from benchmarks.registry.names import targets
from data.dataset import DataError
from data.imdb_packaged import ImdbPackaged

README = CHECKOUT / "README.md"
LINES = 160


def ran(command, folder):
    """Run a command in a folder; its exit status and output."""
    environment = {"PYTHONPATH": str(CHECKOUT), "OMP_NUM_THREADS": "1", "COLUMNS": "80"}
    ended = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=280, check=False
    )
    return ended.returncode, ended.stdout + ended.stderr


def benchmarks(*words, folder):
    """Run the program in a folder; its exit status and output."""
    return ran([sys.executable, "-m", "benchmarks", *map(str, words)], folder)


def test_it_is_short():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= LINES


@pytest.mark.parametrize("kind", ["models", "losses"])
def test_it_names_every_model_and_loss(kind):
    text = README.read_text(encoding="utf-8")
    assert [name for name in targets(kind) if f"`{name}`" not in text] == []


def plugin():
    (code,) = (block for block in blocks(README, "python") if "class " in block)
    return code


def test_its_plug_in_has_twelve_lines():
    assert len([line for line in plugin().splitlines() if line.strip()]) <= 12


GUIDE = CHECKOUT / "docs" / "how-to" / "add-a-model.md"


def test_the_how_to_guide_shows_the_same_plug_in():
    assert plugin() in blocks(GUIDE, "python")


def shown_class(name):
    return next(block for block in blocks(GUIDE, "python") if f"class {name}(" in block)


def test_the_shortest_network_has_twenty_lines():
    assert len([line for line in shown_class("MeanOfWords").splitlines() if line.strip()]) <= 20


NAME = re.compile(r'^    name\b.*= "(\w+)"$', re.MULTILINE)
EXAMPLES = [
    path.read_text(encoding="utf-8") for path in (CHECKOUT / "examples").glob("*.py")
]  # have tests of their own
SHOWN = {
    NAME.search(block)[1]: block
    for block in blocks(GUIDE, "python")
    if NAME.search(block) and "import" in block and block not in EXAMPLES
}


def test_there_are_plug_ins_on_the_pages():
    assert len(SHOWN) >= 2


@pytest.mark.parametrize("name", SHOWN)
def test_a_plug_in_on_the_pages_keeps_the_contract(name, tmp_path):
    (tmp_path / "shown.py").write_text(SHOWN[name])
    trained_in_steps = "nn.Module" in SHOWN[name] or "nn.GRU" in SHOWN[name]
    settings = ["--set", f"{name}.min_steps=30"] if trained_in_steps else []
    status, output = benchmarks("check", "shown.py", *settings, folder=tmp_path)
    assert status == 0, output
    assert "FAIL" not in output


def command(name):
    """The words of the README's first call of a command, without its options for other folders."""
    text = "\n".join(blocks(README, "sh"))
    return shlex.split(re.search(rf"^python -m benchmarks ({name} [^#\n]+)", text, re.MULTILINE)[1])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with the README's first run, and its output."""
    try:
        ImdbPackaged().load()
    except DataError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("readme")
    status, output = benchmarks(*command("run"), folder=folder)
    assert status == 0, output
    (folder / "output.txt").write_text(output)
    return folder


def without_times(text):
    """Lines of output with figures, without those that differ from machine to machine, one space between words."""
    figure = r"\s+≈?[\d.,]+(–[\d.,]+)?( \(\S+\))?"
    times = rf"at [\d.,]+ machine|(?<=\d–\d\.\d){figure}{figure}(?=\s)"
    lines = (" ".join(re.sub(times, "", line).split()) for line in text.splitlines())
    return [line for line in lines if re.search(r"\d", line)]


def shown(beginning):
    """The README's block of output that begins so."""
    return next(block for block in blocks(README, "text") if block.startswith(beginning))


def test_its_output_is_that_of_its_command(trained):
    printed = without_times((trained / "output.txt").read_text())
    assert [line for line in without_times(shown("Take ")) if line not in printed] == []


LABELLED = re.compile(r"^(positive|negative)\s+([\d.]+) ?%\s+(.*)$", re.MULTILINE)


def test_its_first_demonstration_tells_the_truth(trained):
    words = command("predict")
    status, output = benchmarks(*words, "Not bad.", folder=trained)
    assert status == 0, output
    printed = {text: (label, float(share)) for label, share, text in LABELLED.findall(output)}
    for label, share, text in LABELLED.findall(shown("positive")):
        assert printed[text] == (label, pytest.approx(float(share), abs=0.5))
    for cell in ("nbsvm-*", "tfidf_logreg-*"):
        status, output = benchmarks(*words, "Not bad.", "--cell", cell, folder=trained)
        labels = {text: label for label, _, text in LABELLED.findall(output)}
        assert labels == dict(zip([*words[2:], "Not bad."], ["positive", "negative", "negative"], strict=True))
    status, output = benchmarks(*words[:2], "Not bad.", "--abstain-below", "0.9", folder=trained)
    assert "uncertain" in output


def test_its_program_runs(trained):
    (program,) = (block for block in blocks(README, "python") if "class " not in block)
    reviews = ImdbPackaged().load().train
    every = range(0, len(reviews.texts), 50)
    labels = ["good" if reviews.labels[row] else "bad" for row in every]
    table = pd.DataFrame({"review": [reviews.texts[row] for row in every], "sentiment": labels})
    table.to_csv(trained / "reviews.csv", index=False)
    program = program.replace("result.accuracy", "print(result.accuracy)")
    (trained / "program.py").write_text(program)
    status, output = ran([sys.executable, "program.py"], trained)
    assert status == 0, output
    assert "may_be_best" in output


def test_every_column_of_its_cells_is_described(trained):
    assert undescribed_columns(trained / "results" / "quick" / "cells.csv") == []
