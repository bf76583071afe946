"""The figures in the README's tables are those of the published runs."""

import re

import pandas as pd
import pytest

from benchmarks.origin import CHECKOUT

ROW = re.compile(r"^\| `(?P<model>\w+)`(?P<mark>, IMDB)? \| (?P<cells>[^a-z]*) \|$", re.MULTILINE)
ROWS = list(ROW.finditer((CHECKOUT / "README.md").read_text()))
RUNS = {None: "crossing", ", IMDB": "imdb"}


def number(text):
    return float(text.split()[0].replace(",", ""))


def run_of(mark):
    """The cells of the run that a row with this mark quotes, of all its training texts."""
    cells = pd.read_csv(CHECKOUT / "published" / RUNS[mark] / "cells.csv")
    return cells[cells["train_size"] == cells["train_size"].max()]


@pytest.mark.parametrize("mark", RUNS)
def test_the_readme_has_a_row_for_each_model(mark):
    assert sorted(row["model"] for row in ROWS if row["mark"] == mark) == sorted(set(run_of(mark)["model"]))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["model"] + (row["mark"] or ""))
def test_a_row_of_the_readme_is_what_the_cells_say(row):
    cells = run_of(row["mark"])
    own = cells[cells["model"] == row["model"]]
    ce, weighted, fit, *rates = row["cells"].split(" | ")
    for loss, quoted in (("ce", ce), ("length_weighted_ce", weighted)):
        accuracies = own[own["loss"] == loss]["accuracy"]
        if quoted == "–":
            assert accuracies.empty
        else:
            assert number(quoted) == pytest.approx(100 * accuracies.mean(), abs=0.05)
    assert number(fit) == pytest.approx(own[own["loss"] == "ce"]["fit_seconds"].median(), rel=0.006)
    # rates and latencies are medians over the readings of both losses together
    columns = {"text_to_label_rate": 1} if row["mark"] else {
        "training_rate": 1, "text_to_label_rate": 1, "single_seconds_p50": 1000,
    }  # fmt: skip
    for quoted, (column, factor) in zip(rates, columns.items(), strict=True):
        if quoted == "–":
            assert own[column].isna().all()
        else:
            assert factor * own[column].min() * 0.99 <= number(quoted) <= factor * own[column].max() * 1.01
