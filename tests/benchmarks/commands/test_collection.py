"""`run` over several datasets and `leaderboard`, as typed."""

import pandas as pd
import pytest

from benchmarks.hardware.origin import CHECKOUT

PLUGIN = CHECKOUT / "published" / "collection" / "five_lines.py"

BROKEN = """
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from models.sklearn_model import SklearnModel


class Broken(SklearnModel):
    name = "broken"
    pipeline = make_pipeline(CountVectorizer(min_df=1_000), MultinomialNB())
"""


def write_table(folder, name):
    folder.mkdir(exist_ok=True)
    lines = (f"{name} {n} was {'good' if n % 2 else 'bad'} indeed,{n % 2}" for n in range(60))
    (folder / f"{name}.csv").write_text("\n".join(["text,label", *lines, ""]))


def test_the_plan_names_every_dataset_and_those_that_cannot_be_used(type_in, tmp_path):
    for name in ("films", "mails"):
        write_table(tmp_path / "data", name)
    (tmp_path / "data" / "torn.csv").write_text("text,label\n")
    names = ["films.csv", "torn.csv", "mails.csv"]
    status, shown, _ = type_in(
        "run", "--models", "nbsvm", "--losses", "ce", "--dataset", *names, "--dataset-folder", "data", "--dry-run"
    )
    assert status == 3
    assert "torn cannot be used: torn.csv has no rows" in shown
    assert "on 2 datasets; results folder: results/quick-collection" in shown
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["leaderboard", "nowhere"], "no results in nowhere"),
        (["leaderboard", "a/one", "b/two"], "name the folder of the leaderboard with --out"),
        (["leaderboard", "one", "--metric", "acuracy"], "did you mean 'accuracy'?"),
        (["run", "--metric", "cost", "--dry-run"], "--metric 'cost': it needs --cost-matrix FILE"),
        (["run", "--cost-matrix", "costs.csv", "--dry-run"], "--cost-matrix 'costs.csv': it needs --metric cost"),
    ],
)
def test_bad_input_is_one_line(type_in, words, said):
    status, _, errors = type_in(*words)
    assert status == 2
    assert said in errors
    assert len(errors.splitlines()) == 1


def test_a_collection_is_run_ranked_and_continued(type_in, tmp_path, forgetful):
    """A dataset whose cells are all lost is named, and the others stay ranked."""
    for name in ("films", "mails"):
        write_table(tmp_path / "data", name)
    command = [
        "run", "--models", "nbsvm", "sklearn_words", "--losses", "ce", "--dataset", "films.csv", "mails.csv",
        "--dataset-folder", "data", "--plugin", PLUGIN,
    ]  # fmt: skip
    status, shown, errors = type_in(*command)
    assert status == 0, errors
    folder = tmp_path / "results" / "quick-collection"
    board = pd.read_csv(folder / "leaderboard.csv")
    assert set(zip(board["dataset"], board["contender"], strict=True)) == {
        (dataset, model) for dataset in ("films", "mails", "(all)") for model in ("nbsvm", "sklearn_words")
    }
    assert "mean rank" in shown
    results = {path: path.stat().st_mtime_ns for path in folder.glob("*/cells/*/result.json")}
    assert len(results) == 4
    assert all((folder / name / "report.html").exists() for name in ("films", "mails"))

    status, shown, _ = type_in(*command)
    assert status == 0
    assert shown.count("already done") == 4
    assert {path: path.stat().st_mtime_ns for path in results} == results

    for path in folder.glob("mails/cells/*/result.json"):
        path.unlink()
    status, _, errors = type_in("leaderboard", folder)
    assert status == 0, errors
    page = (folder / "leaderboard.md").read_text()
    assert "mails could not be used: none of its cells ended ok." in page
    assert "over 1 dataset" in page


def test_a_collection_without_a_good_cell_ends_in_a_line(type_in, tmp_path, forgetful):
    for name in ("films", "mails"):
        write_table(tmp_path / "data", name)
    (tmp_path / "broken.py").write_text(BROKEN)
    status, shown, errors = type_in(
        "run", "--models", "broken", "--losses", "ce", "--dataset", "films.csv", "mails.csv",
        "--dataset-folder", "data", "--plugin", "broken.py",
    )  # fmt: skip
    assert status == 3, errors
    assert "no leaderboard: no run has a cell that ended ok: nothing can be ranked" in shown
    assert not (tmp_path / "results" / "quick-collection" / "leaderboard.md").exists()
