"""Templates that work as they are, and checks that find what is broken."""

import importlib.util
import json
from pathlib import Path

import pytest

from benchmarks.errors import UsageError
from benchmarks.registry.model_contract import MODEL_CHECKS
from benchmarks.registry.scaffolding import SMALL, TEMPLATES, check_plugin, write_template

pytestmark = pytest.mark.usefixtures("forgetful")

MODEL = (Path(__file__).parents[1] / "word_counts.py").read_text()
LOSS = (TEMPLATES / "loss.py").read_text()
DATASET = (TEMPLATES / "dataset.py").read_text()
OPTIMUM = "scikit learn s optimum is a stationary point of the torch loss"
BATCH = "a loss does not depend on what shares the batch"
QUICK = {"a_new_one.embedding_width": ["8"], "a_new_one.max_length": ["32"], "a_new_one.min_steps": ["20"]}


@pytest.mark.parametrize(("kind", "settings"), [("model", QUICK), ("loss", {}), ("dataset", {})])
def test_a_template_passes_every_check(tmp_path, kind, settings):
    path, test = write_template(kind, "a_new_one", tmp_path)
    for file in (path, test):
        compile(file.read_text(), str(file), "exec")
        assert "my_" not in file.read_text()
    findings = list(check_plugin(path, settings))
    assert [finding for finding in findings if finding.fault] == []
    assert {finding.name for finding in findings} == {"a_new_one"}


@pytest.mark.parametrize("template", ["sklearn", "huggingface"])
def test_the_other_templates_pass_every_check(tmp_path, template):
    path, test = write_template("model", "a_new_one", tmp_path, template)
    settings = {f"a_new_one.{name}": [str(value)] for name, value in SMALL[template].items()} | (
        {"a_new_one.epochs": ["1"]} if template == "huggingface" else {}
    )
    assert f"SMALL = {json.dumps(SMALL[template])}" in test.read_text()
    findings = list(check_plugin(path, settings))
    assert len(findings) == len(MODEL_CHECKS)
    assert [finding for finding in findings if finding.fault] == []


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
    "its scores of validation are those of score": (
        "    def score(",
        "    def valid_scores(self):\n        return np.full((24, 2), 0.5)\n\n    def score(",
    ),
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
    check = "it can be used" if "smoothing / 0" in after else check
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


NETWORK = (TEMPLATES / "model.py").read_text()
TYPOS = {
    "a variable": (
        (MODEL, "self.counts = {}", "self.counts = texst"),
        "NameError: name 'texst' is not defined",
    ),
    "an attribute": (
        (NETWORK, "self.embedding(input_ids)", "self.embeding(input_ids)"),
        "has no attribute 'embeding'; did you mean 'embedding'?",
    ),
    "an abstract method": (
        (NETWORK, "    def build(", "    def biuld("),
        "; expected `def build(self, words: int, classes: int)",
    ),
    "the arguments of a method": (
        (NETWORK, "def build(self, words: int, classes: int)", "def build(self, words: int)"),
        "takes 2 positional arguments but 3 were given; expected `def build(self, words: int, classes: int)",
    ),
    "an import": (
        (NETWORK, "from torch import Tensor, nn", "from torch import Tenser, nn"),
        "cannot import name 'Tenser'",
    ),
}


@pytest.mark.parametrize("typo", TYPOS)
def test_a_typo_is_one_line_with_file_line_and_what_was_expected(tmp_path, typo):
    (source, before, after), message = TYPOS[typo]
    assert before in source
    path = tmp_path / "broken.py"
    path.write_text(source.replace(before, after))
    line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if after.strip() in text)
    (finding,) = check_plugin(path, {})
    assert f"{path}, line {line}: " in finding.fault
    assert message in finding.fault
    assert "\n" not in finding.fault


REFUSED = {
    "the name": (
        ('name: ClassVar[str] = "my_model"', 'nmae = "my_model"'),
        "line {line}: class MyModel has no `name`; did you mean `name`, not `nmae`?",
        "class MyModel",
    ),
    "the imported base": (
        ("WordClassifier", "WordClasifier"),
        "models.word_classifier has no class 'WordClasifier'; did you mean 'WordClassifier'?",
        "class MyModel",
    ),
    "the base": (
        ("class MyModel(WordClassifier)", "class MyModel(WordClasifier)"),
        "line {line}: class MyModel derives from 'WordClasifier', which is not defined; did you mean 'WordClassifier'?",
        "class MyModel",
    ),
    "an annotation": (
        ("embedding_width: PositiveInt", "embedding_width: PositivInt"),
        "line {line}: a parameter's annotation may not be 'PositivInt' (choices: bool, int,",
        "embedding_width: PositivInt",
    ),
    "a default": (
        ("PositiveInt = 128", "PositiveInt"),
        "line {line}: parameter 'embedding_width' of MyModel has no default",
        "embedding_width: PositiveInt",
    ),
}


@pytest.mark.parametrize("typo", REFUSED)
def test_a_typo_in_what_is_read_from_the_source_is_refused_with_its_line(tmp_path, typo):
    (before, after), message, place = REFUSED[typo]
    path = tmp_path / "broken.py"
    path.write_text(NETWORK.replace(before, after))
    line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if place in text)
    with pytest.raises(UsageError) as caught:
        list(check_plugin(path, {}))
    assert message.format(line=line) in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


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
