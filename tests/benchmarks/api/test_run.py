"""The Python interface: a script without a guard, frames of every kind, and numeric results."""

import json
import os
import subprocess
import sys

import datasets
import nbformat
import numpy as np
import pandas as pd
import pytest
from nbclient import NotebookClient

from benchmarks.api.frames import as_path
from benchmarks.api.main_module import main_module_hidden
from benchmarks.api.result import Result
from benchmarks.api.run import run
from benchmarks.config.datasets import load_dataset
from benchmarks.config.suite import Data
from benchmarks.errors import UsageError
from benchmarks.hardware.origin import CHECKOUT
from benchmarks.store.lock import hold
from reports.analysis.verdicts import Verdict

WORDS = {"bad": "dull awful poor", "good": "superb great moving"}

SCRIPT = """
import json
import pandas as pd
from benchmarks import run

frame = pd.read_parquet("frame.parquet")
result = run(frame, models=["nbsvm", "tfidf_logreg"], losses=["ce"], suite="smoke", name="mine", seeds=2)
print(json.dumps(str(result.folder)))
"""


@pytest.fixture(scope="module")
def frame():
    generator = np.random.default_rng(0)
    labels = np.array(["bad", "good"])[np.arange(400) % 2]
    texts = [f"film {n} was {' '.join(generator.choice(WORDS[label].split(), 2))}" for n, label in enumerate(labels)]
    return pd.DataFrame({"text": texts, "label": labels})


@pytest.fixture(scope="module")
def ended(tmp_path_factory, frame):
    """A script without a `__main__` guard, and its results folder."""
    folder = tmp_path_factory.mktemp("script")
    frame.to_parquet(folder / "frame.parquet")
    (folder / "script.py").write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    command = [sys.executable, "script.py"]
    return folder, subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def result(ended):
    folder, script = ended
    assert script.returncode == 0, script.stderr
    return Result(folder / json.loads(script.stdout.splitlines()[-1]))


def test_a_script_needs_no_guard(ended):
    folder, script = ended
    assert script.returncode == 0, script.stderr
    assert script.stdout.count("data: mine") == 1  # no worker ran the script again
    assert "4 of 4 cells ended ok" in script.stdout
    assert (folder / "results" / "smoke-mine" / "report.html").is_file()
    assert str(folder.parent) not in (folder / "results" / "smoke-mine" / "run.json").read_text()


def test_it_runs_in_a_notebook(tmp_path, frame, monkeypatch):
    frame.to_parquet(tmp_path / "frame.parquet")
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    code = SCRIPT.replace(', "tfidf_logreg"', "").replace(", seeds=2", "")
    cells = [code, "result.plot()", "result.best().predict(['a superb film'])"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    NotebookClient(notebook, timeout=200, resources={"metadata": {"path": str(tmp_path)}}).execute()
    ran, drawn, labelled = (cell.outputs for cell in notebook.cells)
    assert "1 of 1 cell ended ok" in "".join(output.get("text", "") for output in ran)
    assert any("image/png" in output.get("data", {}) for output in drawn)
    assert "good" in labelled[0]["data"]["text/plain"]


def test_figures_are_numbers(result):
    accuracy = result.accuracy
    assert set(accuracy["model"]) == {"nbsvm", "tfidf_logreg"}
    assert accuracy[["accuracy", "low", "high"]].dtypes.eq(np.float64).all()
    assert (accuracy["low"] <= accuracy["accuracy"]).all()
    assert accuracy["trainings"].tolist() == [2, 2]
    assert len(result.cells) == 4
    assert result.cells["accuracy"].between(0, 1).all()
    (row,) = result.comparisons[result.comparisons["family"] == "primary"].to_dict("records")
    assert row["low"] <= row["difference"] <= row["high"]
    assert row["verdict"] in {verdict.value for verdict in Verdict}


def test_the_best_model_is_a_classifier(result):
    best = result.best()
    texts = ["this film was superb and moving", "dull , awful"]
    assert best.predict(texts).tolist() == ["good", "bad"]
    probabilities = best.predict_proba(texts)
    assert probabilities.shape == (2, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert best.predict(pd.Series(texts)).tolist() == ["good", "bad"]
    assert best.predict([]).tolist() == []
    assert result.best("nbsvm-*").spec.model == "nbsvm"
    with pytest.raises(UsageError, match="cells='lstm"):
        result.best("lstm-*")


def test_accuracies_are_drawn_with_their_intervals(result):
    from matplotlib import pyplot

    axes = result.plot()
    labels = {label.get_text() for label in axes.get_yticklabels()}
    assert labels == {"tfidf_logreg, ce, 200", "nbsvm, ce, 200"}
    assert result.plot(axes) is axes
    pyplot.close("all")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"data": 3}, "data of type int cannot be read"),
        ({"data": {"training": pd.DataFrame()}}, "data='training': no split has that key"),
        ({"data": pd.DataFrame({"text": ["a", {"b": 1}], "label": [1, 2]})}, "cannot be written as Parquet"),
        ({"data": pd.DataFrame(), "name": "../x"}, "name='../x': a name has letters"),
        ({"model": ["lstm"]}, "unknown argument 'model'; did you mean"),
        ({"models": ["lstn"]}, "unknown model 'lstn'; did you mean 'lstm'"),
        ({"data": "no.csv"}, "data='no.csv': there is no such file"),
        ({"train_sizes": [0]}, "train_sizes"),
        ({"trials": 3, "tune_seconds": 1.0}, "trials=3: tuning is limited by trials or by seconds"),
        ({"settings": {"lstm.epoch": 3}}, "did you mean 'epochs'"),
        ({"test_size": "all"}, "test_size='all'"),
        ({"device": "tpu"}, "unknown device 'tpu'; did you mean 'cpu'? (choices: auto, cpu, cuda)"),
        ({"precision": "int8"}, "unknown precision 'int8'"),
        ({"metric": "acuracy"}, "unknown metric 'acuracy'; did you mean 'accuracy'"),
        ({"margin": "half"}, "margin='half'"),
    ],
)
def test_a_wrong_argument_is_one_line_by_its_python_name(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("benchmarks.api.run.execute", lambda *_, **__: pytest.fail("it runs"))
    with pytest.raises(UsageError) as caught:
        run(quiet=True, **arguments)
    assert message in str(caught.value)
    assert "--" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_is_named_as_the_argument(tmp_path, frame):
    with hold(tmp_path), pytest.raises(UsageError, match=rf"^out='{tmp_path}': is in use by process"):
        run(frame, models=["tfidf_logreg"], losses=["ce"], out=tmp_path, device="cpu", quiet=True)


def test_frames_are_read_as_files_are(frame, tmp_path):
    frame.to_parquet(tmp_path / "file.parquet")
    expected = load_dataset(Data(name=str(tmp_path / "file.parquet")))
    by_index = pd.DataFrame(frame.set_index(np.arange(len(frame)) + 7))
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["bad", "good"])}
    )
    hub = datasets.Dataset.from_dict(
        {"text": frame["text"], "label": (frame["label"] == "good").astype(int)}, features=features
    )
    for data in (frame, by_index, hub):
        with as_path(data, "mine") as path:
            assert load_dataset(Data(name=path)).fingerprint == expected.fingerprint


def test_a_column_of_several_types_is_read_as_a_csv_file_of_it_is(frame, tmp_path):
    labels = [(1, "1", 2.0, "four")[n % 4] for n in range(len(frame))]
    mixed = frame.assign(label=pd.Series(labels, dtype=object))
    mixed.to_csv(tmp_path / "file.csv", index=False)
    with as_path(mixed, "mine") as path:
        dataset = load_dataset(Data(name=path))
    assert dataset.fingerprint == load_dataset(Data(name=str(tmp_path / "file.csv"))).fingerprint
    assert dataset.train.class_names == ("1", "2", "four")


def test_a_class_label_may_be_missing():
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["bad", "good"])}
    )
    hub = datasets.Dataset.from_dict({"text": list("abcd"), "label": [0, None, 1, -1]}, features=features)
    with as_path(hub, "mine") as path:
        assert pd.read_parquet(path)["label"].fillna("none").tolist() == ["bad", "none", "good", "none"]


def test_a_mapping_has_the_splits(frame):
    splits = {"train": frame[:250], "validation": frame[250:300], "test": frame[300:]}
    with as_path(splits, "mine") as path:
        dataset = load_dataset(Data(name=path))
    assert (len(dataset.train), len(dataset.valid), len(dataset.test)) == (250, 50, 100)


def test_the_main_module_is_hidden_and_comes_back():
    main = sys.modules["__main__"]
    with pytest.raises(KeyboardInterrupt), main_module_hidden():  # noqa: PT012
        assert not hasattr(sys.modules["__main__"], "__file__")
        raise KeyboardInterrupt
    assert sys.modules["__main__"] is main


def test_the_interface_costs_nothing_until_it_is_used():
    code = "import sys, benchmarks; print({'torch', 'pandas'} & set(sys.modules)); benchmarks.nothing"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.stdout == "set()\n"
    assert "has no attribute 'nothing'" in ended.stderr


def test_every_public_name_is_there():
    import benchmarks

    for name in benchmarks.__all__:
        assert getattr(benchmarks, name).__name__ == name
