"""Templates that work as they are, and checks that find what is broken."""

import importlib.util
import sys
from pathlib import Path

import pytest

from benchmarks.cli import main
from benchmarks.errors import UsageError
from benchmarks.registry.scaffolding import TEMPLATES, check_plugin, write_template

pytestmark = pytest.mark.usefixtures("forgetful")

MODEL = (Path(__file__).parents[1] / "word_counts.py").read_text()
LOSS = (TEMPLATES / "loss.py").read_text()
DATASET = (TEMPLATES / "dataset.py").read_text()
OPTIMUM = "scikit learn s optimum is a stationary point of the torch loss"
BATCH = "a loss does not depend on what shares the batch"
SMALL = {"a_new_one.embedding_width": ["8"], "a_new_one.max_length": ["32"], "a_new_one.min_steps": ["20"]}


@pytest.mark.parametrize(("kind", "settings"), [("model", SMALL), ("loss", {}), ("dataset", {})])
def test_a_template_passes_every_check(tmp_path, kind, settings):
    path, test = write_template(kind, "a_new_one", tmp_path)
    for file in (path, test):
        compile(file.read_text(), str(file), "exec")
        assert "my_" not in file.read_text()
    findings = list(check_plugin(path, settings))
    assert [finding for finding in findings if finding.fault] == []
    assert {finding.name for finding in findings} == {"a_new_one"}


READABLE = "except (OSError, ValueError, KeyError)"


def test_the_template_s_own_test_passes(tmp_path):
    _, test = write_template("model", "a_new_one", tmp_path)
    spec = importlib.util.spec_from_file_location("test_a_new_one", test)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.add_plugin(tmp_path / "a_new_one.py")
    module.test_it_learns_what_is_easy(module.Trained("a_new_one", module.SMALL))


BROKEN = {
    "it is what the registry says": ("    name =", "    devices = tuple(['cuda'])\n    name ="),
    "its defaults are its configuration": ("self.smoothing = smoothing", "self.smoothing = smoothing / 0"),
    "its report says what was learnt and chosen": ("FitReport(len(self.counts), ", "FitReport(0, "),
    "its scores are probabilities of each class": ("powers / powers.sum(axis=1, keepdims=True)", "powers"),
    "encode counts what is read and what there was": ("(words, counts, counts)", "(words, counts, 0 * counts)"),
    "a text scores the same alone and in any batch": ("/ powers.sum(axis=1, keepdims=True)", "/ powers.sum()"),
    "a saved model scores the same and holds no pickle": ('"counts.json"', '"counts.pkl"'),
    "a folder that holds no model is refused in one line": (READABLE, "except (ValueError, KeyError)"),
    "every damaged file of a saved model is refused": (READABLE, "except (OSError, ValueError)"),
    "one seed gives one model": (
        "self.counts = {}",
        "self.counts = {'dull': [np.random.default_rng().random() + 1] * 2}",
    ),
    "three classes have three columns": ("self.num_classes = train.num_classes", "self.num_classes = 2"),
}


@pytest.mark.parametrize("check", BROKEN)
def test_a_broken_model_is_found(tmp_path, check):
    before, after = BROKEN[check]
    assert before in MODEL
    (tmp_path / "broken.py").write_text(MODEL.replace(before, after))
    assert check in {finding.check for finding in check_plugin(tmp_path / "broken.py", {}) if finding.fault}


def test_a_model_that_is_not_broken_passes(tmp_path):
    (tmp_path / "whole.py").write_text(MODEL)
    assert [finding for finding in check_plugin(tmp_path / "whole.py", {}) if finding.fault] == []


@pytest.mark.parametrize(
    ("source", "before", "after", "check"),
    [
        (LOSS, ".mean(1.0", ".mean(2.0", "weights have mean one over the training set"),
        (LOSS, "return weights * ", "return (weights * ", "a loss is unreduced and in float32"),
        (LOSS, "lengths.sqrt()", "(lengths + 1).sqrt()", OPTIMUM),
        (LOSS, "lengths.sqrt()) / self._mean", "lengths.sqrt()) / lengths.sqrt().mean()", BATCH),
        (LOSS, "super().__init__(lengths, labels)", "lengths = np.ones(1)", "a loss needs training lengths"),
        (DATASET, '{"origin": "made up"}', "{}", "a source says where its rows come from"),
        (DATASET, "as_labels(labels)", "as_labels(labels) + 1", "a source yields texts with labels"),
    ],
)  # fmt: skip
def test_a_broken_loss_or_dataset_is_found(tmp_path, source, before, after, check):
    assert before in source
    broken = source.replace(before, after)
    if after.startswith("return ("):
        broken = broken.replace("per_sample(logits, labels)\n", "per_sample(logits, labels)).mean()\n")
    (tmp_path / "broken.py").write_text(broken)
    assert check in {finding.check for finding in check_plugin(tmp_path / "broken.py", {}) if finding.fault}


def test_a_fault_of_the_plugin_itself_is_named_with_its_line(tmp_path):
    (tmp_path / "broken.py").write_text(MODEL.replace("self.counts = {}", "self.counts = nothing"))
    faults = [finding.fault for finding in check_plugin(tmp_path / "broken.py", {})]
    line = MODEL.splitlines().index("        self.counts = {}") + 1
    assert f"NameError: name 'nothing' is not defined (line {line})" in faults


@pytest.fixture
def type_in(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)

    def type_in(*arguments):
        monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        output, errors = capsys.readouterr()
        return caught.value.code or 0, output, errors

    return type_in


def test_new_and_check_as_they_are_typed(type_in, tmp_path):
    status, output, _ = type_in("new", "loss", "mine")
    assert (status, "check mine.py" in output, "--losses mine" in output) == (0, True, True)
    assert {path.name for path in tmp_path.iterdir()} == {"mine.py", "test_mine.py"}
    status, output, _ = type_in("check", "mine.py")
    assert status == 0
    assert all(line.startswith("ok   mine: ") for line in output.splitlines())
    Path("mine.py").write_text(Path("mine.py").read_text().replace(".mean(1.0", ".mean(2.0"))
    status, output, _ = type_in("check", "mine.py")
    assert status == 1
    assert "FAIL mine: weights have mean one" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["new", "modle", "mine"], "did you mean 'model'"),
        (["new", "model", "../mine"], "'../mine'"),
        (["new", "model", "class"], "'class'"),
        (["new", "model", "lstm"], "there is one of that name"),
        (["new", "model", "taken"], "is there already"),
        (["new", "model", "mine", "--folder", "nowhere"], "cannot be written"),
        (["check", "no.py"], "cannot be read"),
        (["check", "whole.py", "--set", "lstm.epochs=1"], "'lstm'"),
        (["check", "whole.py", "--set", "word_counts.smoothing=0"], "greater than 0"),
    ],
)
def test_bad_input_is_one_line(type_in, tmp_path, arguments, message):
    (tmp_path / "taken.py").write_text("")
    (tmp_path / "whole.py").write_text(MODEL)
    status, _, errors = type_in(*arguments)
    assert (status, len(errors.splitlines())) == (2, 1)
    assert message in errors


def test_a_template_never_replaces_a_file(tmp_path):
    (tmp_path / "test_mine.py").write_text("precious")
    with pytest.raises(UsageError, match="is there already"):
        write_template("model", "mine", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["test_mine.py"]
