"""The figures that the README quotes are those of the published run."""

import re

import pandas as pd
import pytest

from benchmarks.origin import CHECKOUT

ROW = re.compile(r"^\| `(?P<model>\w+)`(?P<all>, all [\d,]+)? \| (?P<cells>.*) \|$", re.MULTILINE)
ROWS = [m for m in ROW.finditer((CHECKOUT / "README.md").read_text()) if "–" in m["cells"] and "(" in m["cells"]]


def number(text):
    return float(text.split()[0].replace(",", ""))


@pytest.fixture(scope="module")
def cells():
    return pd.read_csv(CHECKOUT / "published" / "quick" / "cells.csv")


def test_the_readme_has_a_row_for_each_model_and_size(cells):
    assert len(ROWS) == len(cells.drop_duplicates(["model", "train_size"]))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["model"] + (row["all"] or ""))
def test_a_row_of_the_readme_is_what_the_cells_say(row, cells):
    size = number(row["all"].removeprefix(", all ")) if row["all"] else 2000
    own = cells[(cells["model"] == row["model"]) & (cells["train_size"] == size)].set_index("loss")
    ce, weighted, fit, rate, labels, single = row["cells"].split(" | ")
    assert number(ce) == pytest.approx(100 * own.loc["ce", "accuracy"], abs=0.05)
    assert number(weighted) == pytest.approx(100 * own.loc["length_weighted_ce", "accuracy"], abs=0.05)
    assert number(fit) == pytest.approx(own.loc["ce", "fit_seconds"], rel=0.006)
    # rates and latencies are medians over the readings of both losses together
    for quoted, column, factor in (
        (rate, "training_rate", 1),
        (labels, "text_to_label_rate", 1),
        (single, "single_seconds_p50", 1000),
    ):
        if quoted != "–":
            assert factor * own[column].min() * 0.99 <= number(quoted) <= factor * own[column].max() * 1.01


ALL_OF_IMDB = re.compile(r"^\| `(?P<model>\w+)`, IMDB \| (?P<cells>.*) \|$", re.MULTILINE)
IMDB_ROWS = list(ALL_OF_IMDB.finditer((CHECKOUT / "README.md").read_text()))


@pytest.fixture(scope="module")
def imdb_cells():
    cells = pd.read_csv(CHECKOUT / "published" / "imdb" / "cells.csv")
    return cells[cells["train_size"] == cells["train_size"].max()]


def test_the_readme_has_a_row_for_each_model_on_all_of_imdb(imdb_cells):
    assert sorted(row["model"] for row in IMDB_ROWS) == sorted(set(imdb_cells["model"]))


@pytest.mark.parametrize("row", IMDB_ROWS, ids=lambda row: row["model"])
def test_a_row_on_all_of_imdb_is_what_the_cells_say(row, imdb_cells):
    own = imdb_cells[imdb_cells["model"] == row["model"]]
    ce, weighted, fit, rate = row["cells"].split(" | ")
    for loss, quoted in (("ce", ce), ("length_weighted_ce", weighted)):
        accuracies = own[own["loss"] == loss]["accuracy"]
        if quoted == "–":
            assert accuracies.empty
        else:
            assert number(quoted) == pytest.approx(100 * accuracies.mean(), abs=0.05)
    assert number(fit) == pytest.approx(own[own["loss"] == "ce"]["fit_seconds"].median(), rel=0.006)
    assert own["text_to_label_rate"].min() * 0.99 <= number(rate) <= own["text_to_label_rate"].max() * 1.01
