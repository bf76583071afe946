"""`run` over several datasets and `leaderboard`, as typed."""

import pytest


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
