"""The published leaderboard: its figures follow from each dataset's cells, and the first page shows its places."""

import re

import pandas as pd
import pytest

from benchmarks.hardware.origin import CHECKOUT
from reports.formats import significant

COLLECTION = CHECKOUT / "published" / "collection"
ROWS = pd.read_csv(COLLECTION / "leaderboard.csv")
PLACES = ROWS[ROWS["dataset"] == "(all)"]
SCORES = ROWS[ROWS["dataset"] != "(all)"]
TABLE = re.compile(r"^\| `(?P<contender>[^`]+)` \| (?P<figures>.* \| .*) \|$", re.MULTILINE)


def shown():
    """The rows of the first page's section on the collection: contender -> its figures."""
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    (section,) = (part for part in readme.split("\n## ") if part.startswith("Fifteen public datasets"))
    return {row["contender"]: row["figures"].split(" | ") for row in TABLE.finditer(section)}


def test_the_first_page_shows_every_place_in_its_order():
    assert list(shown()) == list(PLACES["contender"])
    assert SCORES["dataset"].nunique() == 15


@pytest.mark.parametrize("contender", PLACES["contender"])
def test_a_place_on_the_first_page_is_the_published_one(contender):
    own = PLACES[PLACES["contender"] == contender].iloc[0]
    won = SCORES[(SCORES["contender"] == contender) & SCORES["winner"].astype(bool)]
    assert shown()[contender] == [
        f"{own['rank']:.2f} ({own['rank_low']:.2f}–{own['rank_high']:.2f})",
        f"{len(won)} ({(won['lead_low'] > 0).sum()})",
        f"{100 * own['gap_closed']:.1f}",
        significant(own["fit_multiple"]),
        significant(own["label_multiple"]),
    ]


@pytest.mark.parametrize("dataset", SCORES["dataset"].unique())
def test_the_figures_of_a_dataset_follow_from_its_cells(dataset):
    cells = pd.read_csv(COLLECTION / dataset / "cells.csv")
    cells = cells[(cells["status"] == "ok") & (cells["role"] == "result")]
    for own in SCORES[SCORES["dataset"] == dataset].to_dict("records"):
        model = re.sub(r" \([\d,]+ texts\)$", "", own["contender"])
        trained = cells[(cells["model"] == model) & (cells["train_size"] == own["train_size"])]
        assert len(trained) == own["trainings"]
        every_row = own["test_rows"] == trained["test_size"].iloc[0]  # a trace of leaks is kept
        accuracy = trained["accuracy" if every_row else "accuracy_without_leaks"]
        assert own["value"] == pytest.approx(accuracy.mean())
        assert own["fit_seconds"] == pytest.approx(trained["fit_seconds"].median())
