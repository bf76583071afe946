"""Models, losses and datasets from outside: a file, or an installed package."""

import importlib
import sys
from pathlib import Path

import pytest

from benchmarks.cells.run_cell import run_cell
from benchmarks.cli import main
from benchmarks.config.datasets import load_dataset
from benchmarks.config.plan import Combination, specify
from benchmarks.config.suite import Data
from benchmarks.errors import UsageError
from benchmarks.executors.as_planned import run_as_planned
from benchmarks.executors.local import LocalExecutor
from benchmarks.inference.saved import load_model
from benchmarks.registry import entries as registry
from benchmarks.registry import names as registered
from benchmarks.registry import plugins
from benchmarks.registry.code_version import forget_sources
from benchmarks.registry.entries import add_plugin, entry, names
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.measurements import Measure
from models.model import Runtime

MODEL = (Path(__file__).parents[1] / "word_counts.py").read_text()
TEMPLATES = Path(registry.__file__).parent / "templates"


pytestmark = pytest.mark.usefixtures("forgetful")


@pytest.fixture
def write(tmp_path):
    def write(source, name="a_plugin.py"):
        path = tmp_path / name
        path.write_text(source)
        return path

    return write


@pytest.fixture
def specified(dataset):
    def specified(model="word_counts", loss="ce") -> CellSpec:
        """The cell that a run would plan."""
        settings = [
            tuple(entry(kind, name).settings({}).items()) for kind, name in (("models", model), ("losses", loss))
        ]
        combination = Combination(model, settings[0], loss, settings[1], 40, 1)
        return specify(combination, dataset, Runtime(), Measure(rows=8, repeats=1, single=1))

    return specified


def another_process(monkeypatch):
    """As if this were another process, which knows of no plug-in."""
    monkeypatch.setattr(registered, "_added", {"models": {}, "losses": {}, "datasets": {}})
    monkeypatch.setattr(plugins, "_loaded", {})
    registered.targets.cache_clear()


def test_a_file_is_described_without_being_run(write):
    add_plugin(write(MODEL + "\nraise SystemExit\n"))
    described = entry("models", "word_counts")
    assert described.summary == "Naive Bayes over words."
    assert described.settings({"smoothing": "2"}) == {"smoothing": 2.0}
    assert described.devices == ("cpu",)


def test_parameters_and_devices_are_inherited(write):
    add_plugin(write('from models.lstm import Lstm\nclass Mine(Lstm):\n    """M."""\n    name = "mine"\n'))
    described = entry("models", "mine")
    assert described.settings({}) == entry("models", "lstm").settings({})
    assert described.devices == ("cpu", "cuda")


def test_one_file_may_define_several_things_and_helpers(write):
    source = (
        MODEL + (TEMPLATES / "loss.py").read_text() + (TEMPLATES / "dataset.py").read_text() + "class Helper: ...\n"
    )
    add_plugin(write(source))
    assert names("models")[-1] == "word_counts"  # what is built in comes first
    assert "my_loss" in names("losses")
    dataset = load_dataset(Data(name="my_dataset", valid_size=100))
    assert len(dataset.valid) == 100
    assert dataset.provenance["plug-in"] == entry("datasets", "my_dataset").plugin


def test_a_cell_reads_the_copy_in_the_results_folder(write, store, specified):
    """In another process, when the user's file is gone."""
    path = write(MODEL + (TEMPLATES / "loss.py").read_text())
    plugin = add_plugin(path)
    store.write_plugin(plugin.sha256, plugin.source)
    spec = specified(loss="my_loss")
    path.unlink()
    (result,) = LocalExecutor(store, run_cell).run([spec], lambda *_: None)
    assert (result.status, result.reason) == ("ok", "")
    assert result.metrics["accuracy"] > 0.9


def test_a_copy_that_was_changed_is_not_run(write, store, specified, monkeypatch):
    plugin = add_plugin(write(MODEL))
    store.write_plugin(plugin.sha256, plugin.source)
    spec = specified()
    copy = store.plugin_path(spec.model_plugin)
    copy.write_text(copy.read_text() + "# changed\n")
    another_process(monkeypatch)
    with pytest.raises(UsageError, match="another plug-in"):
        run_cell(spec, store, lambda done, total: None)


def test_an_edited_file_makes_another_cell(write, specified, monkeypatch):
    add_plugin(write(MODEL))
    before = specified()
    another_process(monkeypatch)
    add_plugin(write(MODEL.replace("1.0] * self", "1.5] * self")))
    after = specified()
    assert before.model_plugin != after.model_plugin
    assert before.id != after.id


@pytest.fixture
def run_planned(write, store, specified, tmp_path, monkeypatch):
    """Plan a cell of a plug-in that imports a module beside it, `change` something, and run the cell in a process."""
    monkeypatch.syspath_prepend(tmp_path)
    write("WIDTH = 1\n", "beside_plugin.py")
    plugin = add_plugin(write(f"import beside_plugin\n{MODEL}"))
    store.write_plugin(plugin.sha256, plugin.source)

    def run_planned(change=lambda spec: spec):
        spec = change(specified())
        (result,) = LocalExecutor(store, run_as_planned).run([spec], lambda *_: None)
        return result.status, result.reason

    yield run_planned
    forget_sources()


def test_a_cell_runs_by_the_code_and_the_libraries_it_was_planned_with(run_planned):
    assert run_planned() == ("ok", "")


def test_a_cell_whose_code_was_edited_since_it_was_planned_fails(run_planned, write):
    def edit(spec):
        write("WIDTH = 2\n", "beside_plugin.py")
        return spec

    status, reason = run_planned(edit)
    assert status == "failed"
    assert "code of word_counts with ce has changed since this cell was planned: run again" in reason


def test_a_cell_that_was_planned_with_another_version_of_a_library_fails(run_planned):
    status, reason = run_planned(lambda spec: spec.model_copy(update={"libraries": spec.libraries | {"numpy": "0.1"}}))
    assert status == "failed"
    assert "here, and was 0.1 where this cell was planned: install that version, or run again" in reason


def test_the_same_file_twice_is_one_plugin(write):
    assert add_plugin(write(MODEL)) is add_plugin(write(MODEL, "copy.py"))


def test_a_saved_model_wants_the_very_plugin_that_trained_it(write, store, specified, monkeypatch):
    path, other = write(MODEL), write(MODEL + "# edited\n", "other.py")
    plugin = add_plugin(path)
    store.write_plugin(plugin.sha256, plugin.source)
    spec = specified()
    run_cell(spec, store, lambda done, total: None)
    folder = store.cell_folder(spec.id)
    another_process(monkeypatch)
    with pytest.raises(UsageError, match=f"is a plug-in's: give the file of sha256 {spec.model_plugin[:12]}"):
        load_model(folder)
    with pytest.raises(UsageError, match="another plug-in"):
        load_model(folder, plugins=[other])
    another_process(monkeypatch)
    assert load_model(folder, plugins=[path]).label(["film 1 was superb"]) == ["positive"]


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package as pip leaves it, with an entry point."""
    (tmp_path / "counting.py").write_text(MODEL)
    info = tmp_path / "counting_models-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: counting-models\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text("[benchmarks.models]\nword_counts = counting:WordCounts\n")
    monkeypatch.syspath_prepend(tmp_path)
    registered._installed.cache_clear()
    registered.targets.cache_clear()
    yield
    sys.modules.pop("counting", None)
    importlib.invalidate_caches()


def test_an_installed_package_s_entry_point_runs_and_is_named_with_its_version(package, store, specified):
    spec = specified()
    assert spec.model_plugin == "counting-models==1.2"
    run_cell(spec, store, lambda done, total: None)
    assert store.read_result(spec.id).metrics["accuracy"] > 0.9
    with pytest.raises(UsageError, match=r"another plug-in .* install counting-models==1\.1"):
        registry.require("models", "word_counts", "counting-models==1.1")


@pytest.mark.parametrize("base", ["nbsvm:NbSvm", "tfidf_logreg:TfidfLogReg", "lstm:Lstm"])
def test_a_subclass_of_a_built_in_model_is_trained_saved_and_loaded(write, store, specified, base):
    """With a parameter of its own and another default of one that it inherits."""
    module, _, parent = base.partition(":")
    fast = "    epochs = 1\n    min_steps = 40\n    max_length = 16\n" if parent == "Lstm" else "    C = 1.0\n"
    source = (
        f"from models.{module} import {parent}\nclass Mine({parent}):\n    name = 'mine'\n    extra: int = 3\n{fast}"
    )
    plugin = add_plugin(write(source))
    store.write_plugin(plugin.sha256, plugin.source)
    spec = specified("mine")
    assert spec.model_params == entry("models", module).settings({}) | spec.model_params
    changed = spec.model_copy(update={"model_params": {**spec.model_params, "extra": 5}})
    run_cell(changed, store, lambda done, total: None)
    loaded = load_model(store.cell_folder(changed.id))
    assert (loaded.model.name, loaded.model.extra) == ("mine", 5)
    assert len(loaded.label(["film 1 was superb"])) == 1


@pytest.mark.parametrize("second", ["Other", "WordCounts"])
def test_two_classes_of_one_name_are_refused_in_one_line_that_names_both(write, second):
    again = MODEL[MODEL.index("class WordCounts") :].replace("class WordCounts", f"class {second}")
    with pytest.raises(UsageError, match=f"classes WordCounts and {second} are both named 'word_counts'") as caught:
        add_plugin(write(f"{MODEL}\n\n{again}"))
    assert "\n" not in str(caught.value)
    assert "word_counts" not in names("models")


def test_two_packages_with_one_name_are_refused(package, tmp_path):
    other = tmp_path / "other_models-0.1.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: other-models\nVersion: 0.1\n")
    (other / "entry_points.txt").write_text("[benchmarks.models]\nword_counts = other:WordCounts\n")
    with pytest.raises(UsageError, match=r"two installed packages, counting-models==1\.2 and other-models==0\.1"):
        names("models")


BAD = {
    "no such file": (None, "cannot be read: No such file"),
    "no Python": ("def f(:\n", "is not Python: line 1"),
    "a NUL byte": ("x = '\0'\n", "is not Python"),
    "nothing in it": ("class A: ...\n", "defines nothing"),
    "a class without a name": (MODEL.replace('name = "word_counts"', "x = 1"), "defines nothing"),
    "a built-in name": (MODEL.replace('"word_counts"', '"lstm"'), "there is a model 'lstm' already"),
    "a name that is a path": (MODEL.replace('"word_counts"', '"../x"'), "'../x' does not match"),
    "a parameter of an odd type": (
        MODEL.replace(": PositiveFloat", ": list[int]"),
        "annotation may not be 'list[int]'",
    ),
    "a parameter without a default": (MODEL.replace(": PositiveFloat = 1.0", ": PositiveFloat"), "has no default"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("command", [["list"], ["run", "--dry-run"], ["predict", "nowhere", "a text"]])
def test_a_bad_file_is_one_line(write, capsys, monkeypatch, case, command):
    source, message = BAD[case]
    path = write(source) if source is not None else Path("no.py")
    monkeypatch.setattr(sys, "argv", ["benchmarks", *command, "--plugin", str(path)])
    if case.startswith("a parameter") and command[0] != "list":
        pytest.skip("found when it is described")
    with pytest.raises(SystemExit) as caught:
        main()
    errors = capsys.readouterr().err
    assert (caught.value.code, len(errors.splitlines())) == (2, 1)
    assert message in errors


def test_a_file_that_cannot_be_imported_is_one_line(write):
    add_plugin(write("import nowhere_at_all\n" + MODEL))
    with pytest.raises(UsageError, match=r"a_plugin.py, line 1: ModuleNotFoundError: .*nowhere_at_all"):
        registry.model_class("word_counts")


def test_a_loss_that_is_built_without_labels_is_refused_in_one_line(write):
    source = (TEMPLATES / "loss.py").read_text().replace("lengths: IntArray, labels: IntArray", "lengths: IntArray")
    add_plugin(write(source))
    with pytest.raises(UsageError, match=r"line \d+: TypeError: MyLoss.__init__ takes \(lengths\), but a loss is"):
        registry.loss_class("my_loss")
