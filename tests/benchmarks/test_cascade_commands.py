"""Cascades from the command line: run, recommend, predict, export."""

import csv
import json

import numpy as np
import pytest

from benchmarks.inference.saved import load_model
from tests.benchmarks.cascade_runs import hard_split

SLOW = '''
"""Naive Bayes over words that takes its time, so that it is the costlier model wherever the test runs."""

import time

from models.tfidf_logreg import TfidfLogReg


class Slow(TfidfLogReg):
    """A slow model."""

    name = "slow"

    def encode(self, texts):
        """Encode."""
        time.sleep(0.002 * len(texts))
        return super().encode(texts)
'''
SUITE = """
cascades = true

[data]
valid_size = 60
test_size = 60

[measure]
rows = 20
repeats = 2
single = 3
processes = 1

[[grid]]
models = ["tfidf_logreg", "slow"]
losses = ["ce"]

[grid.set]
"tfidf_logreg.ngrams" = 1
"tfidf_logreg.min_df" = 76  # of 280 training texts: few of the words that tell
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with data, a plug-in and a suite file."""
    folder = tmp_path_factory.mktemp("cascades")
    split = hard_split(400, 0, 0)
    with (folder / "films.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows(zip(split.texts, split.labels, strict=True))
    (folder / "slow.py").write_text(SLOW)
    (folder / "small.toml").write_text(SUITE)
    return folder


@pytest.fixture
def type_in(type_in, monkeypatch, folder):
    """Type a command in that folder."""
    monkeypatch.chdir(folder)
    return type_in


def run(type_in, *options):
    return type_in(
        "run", "--suite", "small.toml", "--dataset", "films.csv", "--plugin", "slow.py", "--out", "results", *options
    )


def cascades_of(folder):
    return json.loads((folder / "results" / "run.json").read_text())["cascades"]


@pytest.mark.usefixtures("forgetful")
def test_from_a_run_to_a_decision_to_labels(type_in, folder):
    status, output, errors = run(type_in, "--no-cascades")
    assert (status, cascades_of(folder)) == (0, []), errors
    assert "2 of 2 cells ended ok" in output

    status, output, errors = run(type_in)
    found = cascades_of(folder)
    assert (status, bool(found)) == (0, True), errors
    assert "tfidf_logreg->slow for the least cost" in output
    assert "passed on" in output
    assert f"{2 + len(found)} of {2 + len(found)} cells ended ok" in output
    assert "tfidf_logreg" in (folder / "results" / "report.md").read_text()
    for written in ("report.md", "report.html", "cells.csv"):
        assert "tfidf_logreg-" in (folder / "results" / written).read_text().replace("\\", ""), written

    status, output, errors = run(type_in, "--no-cascades")  # keeps those that are there
    assert (status, cascades_of(folder)) == (0, found), errors

    status, output, errors = type_in("recommend", "results", "--json")
    assert "tfidf_logreg->slow" in output, errors

    cascade = found[0]
    plugin = ("--plugin", "slow.py")
    status, output, errors = type_in("predict", "results", "--cell", cascade, *plugin, "great superb", "dull awful")
    assert [line.split("\t")[0] for line in output.splitlines()] == ["1", "0"], errors

    status, _, errors = type_in("export", "results", "--cell", cascade, *plugin, "--to", "folder", "--output", "mine")
    assert status == 0, errors
    texts = ["great superb", "dull awful", "flat but rich"]
    joined, exported = (load_model(path) for path in (folder / "results/cells" / cascade, folder / "mine"))
    np.testing.assert_array_equal(joined.predict_proba(texts), exported.predict_proba(texts))

    status, _, errors = type_in("export", "results", "--cell", cascade, *plugin, "--output", "other")
    assert (status, errors.count("\n")) == (2, 1)
    assert "can be exported to huggingface" in errors


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--cascades", "--executor", "ray"], "cannot be combined with --executor ray"),
        (["--cascade-stages", "4"], "--cascade-stages"),
        (["--cascade-stages", "1"], "--cascade-stages"),
    ],
)
@pytest.mark.usefixtures("forgetful")
def test_bad_options_end_with_one_line(type_in, options, said):
    status, _, errors = run(type_in, *options)
    assert (status, errors.count("\n")) == (2, 1)
    assert said in errors


@pytest.mark.parametrize("line", ["cascades = 3", "cascade_stages = 1", 'cascade_stages = "all"'])
@pytest.mark.usefixtures("forgetful")
def test_bad_keys_of_a_suite_file_end_with_one_line(type_in, folder, line):
    (folder / "odd.toml").write_text(SUITE.replace("cascades = true", line))
    status, _, errors = type_in("run", "--suite", "odd.toml", "--dataset", "films.csv", "--dry-run")
    assert (status, errors.count("\n")) == (2, 1)
    assert "cascade" in errors
