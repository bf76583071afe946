"""More than two classes, from a file to the report: nothing on the way takes a class for one of two."""

import re
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from benchmarks.cells.run_cell import run_cell
from benchmarks.commands.report import write_reports
from benchmarks.config.plan import Choices
from benchmarks.config.suite import read_suite
from benchmarks.inference.saved import find_model, load_model
from benchmarks.registry.entries import OFF_BY_DEFAULT, names
from benchmarks.runs.run import execute, prepare_run
from benchmarks.store.results import Store
from models.model import Runtime

OPINIONS = {
    "bad": ["awful", "boring", "dull"],
    "good": ["great", "superb", "moving"],
    "mixed": ["uneven", "passable", "middling"],
    "odd": ["strange", "surreal", "weird"],
    "long": ["endless", "slow", "lengthy"],
}
SUITE = """
[data]
name = "DATA"
valid_size = VALID
test_size = TEST

[measure]
rows = 4
repeats = 2
single = 2

[[grid]]
losses = ["ce", "length_weighted_ce"]

[grid.set]
"tfidf_logreg.C" = 10.0
"nbsvm.C" = 1.0
"lstm.epochs" = 12
"lstm.min_steps" = 0
"lstm.learning_rate" = 0.02
"lstm.batch_size" = 8
"lstm.embedding_width" = 16
"lstm.hidden_width" = 16
"distilbert.epochs" = 1
"distilbert.max_length" = 16
"distilbert_mlp.epochs" = 1
"distilbert_mlp.max_length" = 16
"""

MODELS = [name for name in names("models") if name not in OFF_BY_DEFAULT]


class Here:
    """An executor that runs cells in this process."""

    def __init__(self, store):
        self.store = store

    def run(self, specs, progress):
        for spec in specs:
            run_cell(spec, self.store, partial(progress, spec))
            yield self.store.read_result(spec.id)


def write_texts(path, classes, rows):
    generator = np.random.default_rng(0)
    labels = [classes[row % len(classes)] for row in range(rows)]
    texts = [
        f"film {row} was {' and '.join(generator.choice(OPINIONS[label], 3))}{' so on' * int(generator.integers(9))}"
        for row, label in enumerate(labels)
    ]
    pd.DataFrame({"text": texts, "label": labels}).to_csv(path, index=False)


def train_and_report(folder, classes, *, models=None, rows=60, deep=False) -> Path:
    """Train and report; the results folder."""
    write_texts(folder / "texts.csv", classes, rows)
    suite = folder / "tiny.toml"
    content = SUITE.replace("DATA", str(folder / "texts.csv"))
    suite.write_text(content.replace("VALID", str(3 * len(classes))).replace("TEST", str(rows // 3)))
    choices = Choices(models=models)
    results = folder / "results"
    prepared = prepare_run(read_suite(str(suite)), choices, Runtime, results, ["benchmarks", "run"], deep=deep)
    with (folder / "log.txt").open("w") as log:
        console = Console(file=log, width=200)
        assert set(execute([prepared], Here(Store(results)), console)) == {"ok"}
        write_reports(results, console)
    return results


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """All models and both losses on three classes."""
    return train_and_report(tmp_path_factory.mktemp("three"), tuple(OPINIONS)[:3])


@pytest.fixture(scope="module")
def five(tmp_path_factory):
    """Linear models on five classes, deep audits and all."""
    return train_and_report(
        tmp_path_factory.mktemp("five"), tuple(OPINIONS), models=["tfidf_logreg", "nbsvm"], rows=150, deep=True
    )


@pytest.fixture(params=["three", "five"])
def results(request):
    return request.getfixturevalue(request.param)


def test_every_model_and_both_losses_end_ok(three):
    cells = pd.read_csv(three / "cells.csv")
    assert len(cells) == 2 * len(MODELS)
    assert set(cells["status"]) == {"ok"}
    assert cells[["accuracy", "macro_f1"]].stack().between(0, 1).all()
    assert cells.set_index("model").loc[["tfidf_logreg", "nbsvm", "lstm"], "accuracy"].min() > 0.8


NOT_DECIDED_BY_FEW_ROWS = {"predictions", "majority baseline", "truncation"}


def test_predictions_and_audits_are_of_all_classes(results):
    classes = ("bad", "good", "long", "mixed", "odd") if "five" in str(results) else ("bad", "good", "mixed")
    for cell in Store(results).results():
        assert tuple(cell.classes) == classes
        frame = Store(results).read_predictions(cell.spec.id)
        probabilities = frame.filter(like="probability_").to_numpy()
        assert probabilities.shape == (len(frame), len(classes))
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
        audits = {audit.name: audit for audit in cell.audits}
        decided = [audit for audit in audits.values() if audit.name not in NOT_DECIDED_BY_FEW_ROWS]
        assert [audit for audit in decided if not audit.passed] == []
        if "decoding" in audits:
            assert audits["decoding"].reason == f"{len(classes)} probabilities for {len(classes)} classes"


def test_deep_audits_know_the_chance_of_five(five):
    found = {audit.name: audit for cell in Store(five).results() for audit in cell.audits}
    assert found["repeated"].passed
    assert found["shuffled labels"].passed
    assert "20.0% would be by chance" in found["shuffled labels"].reason


def test_reports_speak_of_no_two_classes(results):
    for name in ("report.md", "report.html"):
        text = re.sub("<script>.*?</script>", "", (results / name).read_text(), flags=re.DOTALL).lower()
        found = re.search(r"\b(both|two|either) classes\b|\bpositive class\b|\bauc\b|\bnan\b", text)
        assert found is None, (name, found[0])


def test_confusion_is_of_all_classes(results):
    classes = Store(results).read_run()["dataset"]["classes"]
    drawings = sorted((results / "figures").glob("confusion-*.svg"))
    assert len(drawings) == len({cell.spec.id for cell in Store(results).results() if cell.spec.role == "result"})
    for drawing in drawings:
        content = drawing.read_text()
        assert [f"{a}, {b}" for a, b in product(classes, repeat=2) if f"{a} taken for {b}: " not in content] == []


@pytest.mark.parametrize("model", MODELS)
def test_each_model_predicts_with_three_probabilities(three, model):
    found = find_model(three, f"{model}-ce-*")
    classifier = load_model(found.folder)
    scores = classifier.score(["an awful boring dull film", "superb and moving", "passable"])
    assert scores.shape == (3, 3)
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-6)


def test_predict_writes_a_column_for_each_class(three, tmp_path, monkeypatch):
    output = tmp_path / "labels.csv"
    from benchmarks.cli import main

    monkeypatch.setattr("sys.argv", ["benchmarks", "predict", str(three), "superb", "--output", str(output)])
    with pytest.raises(SystemExit) as caught:
        main()
    assert not caught.value.code
    frame = pd.read_csv(output)
    assert [name for name in frame if name.startswith("probability_")] == [
        "probability_bad", "probability_good", "probability_mixed",
    ]  # fmt: skip
    assert frame["label"].tolist() == ["good"]
    assert frame.filter(like="probability_").sum(axis=1).tolist() == pytest.approx([1], abs=1e-6)
