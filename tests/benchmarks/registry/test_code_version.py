"""A cell's code: what decides its result changes its version, and nothing else does."""

import re
import shutil
import sys

import pytest

from benchmarks.hardware.origin import CHECKOUT
from benchmarks.registry import code_version as module
from benchmarks.registry import entries as registry
from benchmarks.registry import names as registered
from benchmarks.registry.code_version import code_version, forget_edited_sources, forget_sources, read_built_in


@pytest.fixture
def version_with(monkeypatch):
    """The version of a model's cells if the modules of `edits` had other sources."""

    def version_with(edits, model="lstm", loss="ce"):
        read = module._read
        with monkeypatch.context() as patch:
            patch.setattr(module, "_read", lambda name: edits[name] if name in edits else read(name))
            forget_sources()
            found = code_version(model, loss)
        forget_sources()
        return found

    return version_with


def text(name):
    return module._source(name)


@pytest.mark.parametrize(
    "edited",
    ["models.lstm", "models.neural.torch_classifier", "models.model", "losses.ce", "losses.loss", "data.dataset",
     "benchmarks.cells.run_cell", "benchmarks.cells.audits", "benchmarks.cells.checkpoint"],
)  # fmt: skip
def test_an_edit_of_what_decides_the_result_is_another_version(version_with, edited):
    assert version_with({edited: f"{text(edited)}\nEDITED = 1\n"}) != code_version("lstm", "ce")


@pytest.mark.parametrize(
    "edited",
    [
        "models.tfidf_logreg",
        "losses.length_penalty",
        "benchmarks.registry.entries",
        "benchmarks.measurement.clock",
        "reports.render.html",
    ],
)
def test_an_edit_of_anything_else_is_not(version_with, edited):
    assert version_with({edited: f"{text(edited)}\nEDITED = 1\n"}) == code_version("lstm", "ce")


@pytest.mark.parametrize(
    "edited", ["models.lstm", "models.neural.training", "losses.ce", "data.dataset", "benchmarks.cells.run_cell"]
)
def test_an_edit_of_words_is_not(version_with, edited):
    """Docstrings of modules, classes, functions and attributes, comments, and blank lines."""
    source = text(edited)
    reworded = re.sub(r'"""(.|\n)*?"""', '"""Another sentence."""', source)
    assert reworded != source
    assert version_with({edited: f"# a comment\n\n{reworded}"}) == code_version("lstm", "ce")


def test_a_moved_module_makes_no_new_version(version_with):
    """`models.neural.batching` under another name, and every import of it changed."""
    edits = {"models.moved": module._source("models.neural.batching"), "models.neural.batching": None}
    for name in ("models.lstm", "models.neural.torch_classifier", "models.neural.training"):
        edits[name] = text(name).replace("models.neural.batching", "models.moved")
    assert version_with(edits) == code_version("lstm", "ce")


def test_a_split_module_makes_no_new_version(version_with):
    """The last function of `models.neural.batching` in a module of its own."""
    source = text("models.neural.batching")
    cut = source.rindex("\n\n\ndef ")
    moved = re.match(r"\s*def (\w+)", source[cut:])[1]
    header = source[: source.index("\n\n\n")]
    edits = {
        "models.neural.batching": f"{source[:cut]}\nfrom models.moved import {moved}\n",
        "models.moved": f"{header}\n{source[cut:]}",
    }
    assert version_with(edits) == code_version("lstm", "ce")


def test_the_same_name_from_another_module_is_another_version(version_with):
    """Two functions of one name: which of them is imported decides the result."""
    source = text("losses.ce")
    edits = {"losses.first": "def scale():\n    return 1\n", "losses.second": "def scale():\n    return 2\n"}
    both = "import losses.first\nimport losses.second\n"
    first = edits | {"losses.ce": f"{source}\n{both}from losses.first import scale\n"}
    second = edits | {"losses.ce": f"{source}\n{both}from losses.second import scale\n"}
    assert version_with(first) != version_with(second)


def test_a_release_by_itself_changes_nothing(version_with):
    source = text("benchmarks").replace("__version__ = ", "__version__ = 'next' or ")
    assert version_with({"benchmarks": source}) == code_version("lstm", "ce")
    assert re.fullmatch("[0-9a-f]{12}", code_version("lstm", "ce"))


def test_a_plug_in_s_own_modules_count(tmp_path, monkeypatch):
    plugin = tmp_path / "a_plugin"
    plugin.mkdir()
    (plugin / "__init__.py").write_text("")
    (plugin / "layers.py").write_text("WIDTH = 1\n")
    shutil.copy(CHECKOUT / "models" / "tfidf_logreg.py", plugin / "model.py")
    with (plugin / "model.py").open("a") as file:
        file.write("\nfrom . import layers\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(registered.BUILT_IN["models"], "a_model", "a_plugin.model:TfidfLogReg")
    registered.targets.cache_clear()
    try:
        versions = []
        for width in (1, 2):
            (plugin / "layers.py").write_text(f"WIDTH = {width}\n")
            forget_sources()
            versions.append(code_version("a_model", "ce"))
        assert versions[0] != versions[1]
    finally:
        registered.targets.cache_clear()
        forget_sources()
        sys.modules.pop("a_plugin", None)


def test_a_module_beside_a_plug_in_counts_and_so_does_what_that_imports(tmp_path, monkeypatch, forgetful):
    """Neither is installed, and no distribution has a version that would tell."""
    source = (
        (CHECKOUT / "models" / "tfidf_logreg.py")
        .read_text()
        .replace('name: ClassVar[str] = "tfidf_logreg"', 'name = "a_model"')
    )
    (tmp_path / "a_plugin.py").write_text(f"import first_helper\n{source}")
    (tmp_path / "first_helper.py").write_text("from second_helper import WIDTH\n")
    monkeypatch.syspath_prepend(tmp_path)
    registry.add_plugin(tmp_path / "a_plugin.py")
    versions = []
    for width in (1, 2):
        (tmp_path / "second_helper.py").write_text(f"WIDTH = {width}\n")
        forget_sources()
        versions.append(code_version("a_model", "ce"))
    forget_sources()
    assert versions[0] != versions[1]


def test_code_that_was_read_ahead_is_not_parsed_again(monkeypatch):
    expected = code_version("lstm", "ce")
    forget_sources()
    read_built_in()
    monkeypatch.setattr(module, "_closure", lambda *_: pytest.fail("the code is read again"))
    forget_edited_sources()
    assert code_version("lstm", "ce") == expected


def test_an_edit_since_code_was_read_ahead_is_seen(version_with, monkeypatch):
    edited = {"models.lstm": f"{text('models.lstm')}\nEDITED = 1\n"}
    expected = version_with(edited)
    read_built_in()
    read = module._read
    monkeypatch.setattr(module, "_read", lambda name: edited[name] if name in edited else read(name))
    forget_edited_sources()
    assert code_version("lstm", "ce") == expected
    monkeypatch.undo()
    forget_sources()


def test_a_file_that_is_no_python_is_left_to_the_cell_that_needs_it(monkeypatch):
    read = module._read
    monkeypatch.setattr(module, "_read", lambda name: "def" if name == "models.lstm" else read(name))
    forget_sources()
    read_built_in()
    code_version("nbsvm", "ce")
    with pytest.raises(SyntaxError):
        code_version("lstm", "ce")
    monkeypatch.undo()
    forget_sources()


def test_the_one_pass_over_the_test_rows_counts_and_the_regimes_beside_it_do_not(version_with):
    source = text("benchmarks.cells.timing")
    assert module._definition("benchmarks.cells.timing", "score_test_set")
    deciding = source.replace("model.score(model.encode(test.texts[:WARMUP_ROWS]))", "")
    measuring = source.replace("for turn in range(measure.repeats)", "for turn in range(measure.repeats + 1)")
    assert source not in {deciding, measuring}
    assert version_with({"benchmarks.cells.timing": deciding}) != code_version("lstm", "ce")
    assert version_with({"benchmarks.cells.timing": measuring}) == code_version("lstm", "ce")


def test_every_module_that_runs_a_cell_is_said_to_decide_or_to_measure():
    """A new module of `benchmarks.cells` belongs into one of the two lists."""
    found = {f"benchmarks.cells.{path.stem}" for path in (CHECKOUT / "benchmarks" / "cells").glob("*.py")}
    assert found - {"benchmarks.cells.__init__"} == {*module.HARNESS, *module.MEASURING}
