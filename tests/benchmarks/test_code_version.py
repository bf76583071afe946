"""A cell's code: what decides its result changes its version, and nothing else does."""

import importlib
import shutil
import sys

import pytest

from benchmarks import code_version as module
from benchmarks import registry
from benchmarks.code_version import code_version
from benchmarks.origin import CHECKOUT


@pytest.fixture
def version_with(monkeypatch):
    """The version of a model's cells if `edited` were another text."""

    def version_with(edited, model="lstm", loss="ce"):
        source = module._source.__wrapped__
        with monkeypatch.context() as patch:
            changed = lambda name: (source(name) or b"") + b"#" if name == edited else source(name)  # noqa: E731
            patch.setattr(module, "_source", changed)
            return code_version.__wrapped__(model, loss)

    return version_with


@pytest.mark.parametrize(
    "edited",
    ["models.lstm", "models.torch_classifier", "models.model", "losses.ce", "losses.loss", "data.dataset",
     "benchmarks.execution", "benchmarks.audits", "benchmarks.clock"],
)  # fmt: skip
def test_an_edit_of_what_decides_the_result_is_another_version(version_with, edited):
    assert version_with(edited) != code_version("lstm", "ce")


@pytest.mark.parametrize(
    "edited", ["models.tfidf_logreg", "losses.length_penalty", "benchmarks.registry", "reports.html"]
)
def test_an_edit_of_anything_else_is_not(version_with, edited):
    assert version_with(edited) == code_version("lstm", "ce")


def test_it_begins_with_the_version_of_the_suite():
    assert code_version("tfidf_logreg", "ce").startswith("0.1.0+")


def test_a_plug_in_s_own_modules_count(tmp_path, monkeypatch):
    plugin = tmp_path / "a_plugin"
    plugin.mkdir()
    (plugin / "__init__.py").write_text("")
    (plugin / "layers.py").write_text("WIDTH = 1\n")
    shutil.copy(CHECKOUT / "models" / "tfidf_logreg.py", plugin / "model.py")
    with (plugin / "model.py").open("a") as file:
        file.write("\nfrom . import layers\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(registry.BUILT_IN["models"], "a_model", "a_plugin.model:TfidfLogReg")
    registry._targets.cache_clear()
    try:
        versions = []
        for width in (1, 2):
            (plugin / "layers.py").write_text(f"WIDTH = {width}\n")
            module._source.cache_clear()
            versions.append(code_version.__wrapped__("a_model", "ce"))
        assert versions[0] != versions[1]
    finally:
        registry._targets.cache_clear()
        module._source.cache_clear()
        sys.modules.pop("a_plugin", None)
        importlib.invalidate_caches()
