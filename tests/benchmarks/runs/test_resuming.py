"""A run into a folder that holds results already: which of them it goes on with."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.cells.run_cell import run_cell
from benchmarks.config.plan import Choices
from benchmarks.config.suite import Suite
from benchmarks.inference.saved import load_model
from benchmarks.registry import libraries
from benchmarks.runs.run import execute, prepare_run
from benchmarks.schema.result import CellResult
from benchmarks.store.results import Store
from models.model import Runtime

FAST = {"rows": 4, "repeats": 1, "single": 1, "processes": 1}


class InThisProcess:
    """An executor that counts the cells it has run."""

    def __init__(self, store):
        self.store, self.ran = store, []

    def run(self, specs, progress):
        for spec in specs:
            run_cell(spec, self.store, lambda done, total: None)
            self.ran.append(spec.id)
            yield self.store.read_result(spec.id)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run nbsvm into one folder; the planned cells, and those that ran."""
    monkeypatch.chdir(tmp_path)
    words = ("dull", "poor", "great", "superb")
    lines = (f"film {n} was {words[n % 4]} indeed,{(1, 2, 4, 5)[n % 4]}" for n in range(120))
    Path("r.csv").write_text("\n".join(["text,label", *lines, ""]))

    def run(
        name="r.csv",
        label_map="1,2=neg;4,5=pos",
        models=("nbsvm",),
        executor=InThisProcess,
        group=None,
        metric=None,
        **grid,
    ):
        data = {"name": name, "label_map": label_map, "valid_size": 20, "test_size": 40, "group_column": group}
        cells = {"models": list(models), "losses": ["ce"], **grid}
        suite = Suite(name="small", data=data, grid=[cells], measure=FAST, metric=metric)
        prepared = prepare_run(suite, Choices(), Runtime, Path("out"), ["benchmarks", "run"])
        does = executor(prepared.store)
        execute([prepared], does, Console(file=io.StringIO()))
        return prepared.store.read_run()["planned"], does.ran

    return run


def test_the_same_data_under_another_path_is_already_done(run):
    planned, ran = run()
    assert planned == ran
    assert run(name="./r.csv") == (planned, [])


def test_a_label_map_put_right_makes_new_cells_and_predictions_of_these_alone(run):
    wrong, _ = run(label_map="1,2=pos;4,5=neg")
    assert load_model("out").label(["film 1 was superb indeed"]) == ["neg"]
    right, ran = run(label_map="1,2=neg;4,5=pos")
    assert right == ran
    assert not set(right) & set(wrong)
    assert load_model("out").label(["film 1 was superb indeed"]) == ["pos"]


def test_cells_of_earlier_commands_stay_planned(run):
    first, _ = run()
    second, ran = run(models=("tfidf_logreg",))
    assert second == [*first, *ran]


def test_cells_that_were_selected_by_another_metric_are_planned_no_longer(run):
    accuracy, _ = run()
    macro_f1, ran = run(metric="macro_f1")
    assert macro_f1 == ran
    assert not set(macro_f1) & set(accuracy)
    assert run() == (accuracy, [])


class Finishing(InThisProcess):
    """An executor whose cells are done at once."""

    def run(self, specs, progress):
        for spec in specs:
            self.store.write_result(CellResult(spec=spec, status="ok", metrics={"accuracy": 0.5}))
            self.ran.append(spec.id)
            yield self.store.read_result(spec.id)


def encoder(weights):
    folder = Path("encoder")
    folder.mkdir(exist_ok=True)
    for name in ("config.json", "tokenizer.json"):
        (folder / name).write_text("{}")
    (folder / "model.safetensors").write_bytes(weights)


def test_other_weights_under_an_encoder_s_path_make_other_cells_and_the_old_ones_are_planned_no_longer(run):
    settings = {"models": ("distilbert",), "executor": Finishing, "set": {"distilbert.encoder": "encoder"}}
    encoder(b"some weights")
    old, _ = run(**settings)
    encoder(b"other weights")
    new, ran = run(**settings)
    assert new == ran
    assert not set(new) & set(old)


def test_cells_of_other_libraries_are_planned_no_longer(run, monkeypatch):
    old, _ = run()
    version = libraries.version
    monkeypatch.setattr(libraries, "version", lambda name: "99.0" if name == "scipy" else version(name))
    new, ran = run()
    assert new == ran
    assert not set(new) & set(old)


def test_a_repeat_trains_on_other_rows_and_seeds(run):
    planned, ran = run(repeats=2, train_sizes=[20])
    assert planned == ran
    fitted = [Store(Path("out")).read_result(cell) for cell in ran]
    assert [(result.spec.repeat, result.spec.seed) for result in fitted] == [(0, 1), (1, 2)]
    assert fitted[0].spec.configuration == fitted[1].spec.configuration
    assert fitted[0].fit["history"] != fitted[1].fit["history"]


def test_repeats_of_groups_of_many_sizes_train_on_all_rows_there_are(run):
    """Whole groups go to validation: a repeat may have a few rows fewer or more for training."""
    sizes = [1, 2, 3, 5, 8, 13, 21, 34]
    groups = [f"g{round_}-{size}" for round_ in range(3) for size in sizes for _ in range(size)]
    words = ("dull", "superb")
    lines = (f"film {n} was {words[n % 2]} indeed,{(1, 5)[n % 2]},{group}" for n, group in enumerate(groups))
    Path("r.csv").write_text("\n".join(["text,label,film", *lines, ""]))
    planned, ran = run(group="film", label_map="1=neg;5=pos", repeats=6)
    results = [Store(Path("out")).read_result(cell) for cell in planned]
    assert planned == ran
    assert {result.status for result in results} == {"ok"}
    assert len({result.spec.configuration for result in results}) == 1
