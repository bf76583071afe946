"""Names to classes, described without importing them."""

import importlib
import inspect
import subprocess
import sys

import pytest

from benchmarks.errors import UsageError
from benchmarks.registry import entries as registry
from benchmarks.registry import names as registered
from benchmarks.registry import source_text
from benchmarks.registry.entries import entry, names
from models.model import Runtime

KINDS = ("models", "losses", "datasets")
EVERYTHING = [(kind, name) for kind in KINDS for name in names(kind)]


@pytest.mark.parametrize(("kind", "name"), EVERYTHING)
def test_the_description_read_from_source_is_that_of_the_class(kind, name):
    described = entry(kind, name)
    loaded = described.load()
    parameters = {
        p.name: p.default
        for p in inspect.signature(loaded).parameters.values()
        if p.kind is inspect.Parameter.KEYWORD_ONLY
    }
    assert {p.name: p.default for p in described.parameters.values()} == parameters
    assert described.summary == inspect.getdoc(loaded).splitlines()[0]
    if kind == "models":
        assert described.devices == loaded.devices
        assert loaded.name == name
    if kind == "losses":
        assert loaded.name == name


@pytest.mark.parametrize(("kind", "name"), EVERYTHING)
def test_every_default_is_a_valid_value_of_its_parameter(kind, name):
    described = entry(kind, name)
    defaults = {p.name: p.default for p in described.parameters.values()}
    assert described.settings(defaults) == defaults


def test_describing_everything_imports_nothing_heavy():
    code = (
        "import sys; from benchmarks.registry.entries import entries; "
        "[list(entries(kind)) for kind in ('models', 'losses', 'datasets')]; "
        "print([m for m in ('torch', 'transformers', 'sklearn', 'datasets', 'pandas') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_an_unknown_name_is_answered_with_the_nearest_and_all_choices():
    with pytest.raises(UsageError, match=r"unknown model 'lstn'; did you mean 'lstm'\? \(choices: distilbert, .*\)"):
        entry("models", "lstn")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            {"alpa": 1},
            r"unknown parameter of length_weighted_ce 'alpa'; did you mean 'alpha'\? \(choices: alpha, cap\)",
        ),
        ({"alpha": "much"}, r"length_weighted_ce\.alpha='much' is not NonNegativeFloat: .*number"),
        ({"alpha": "-1"}, r"length_weighted_ce\.alpha='-1' is not NonNegativeFloat: .*greater than or equal to 0"),
        ({"alpha": "inf"}, r"length_weighted_ce\.alpha='inf' is not NonNegativeFloat: .*finite"),
        ({"cap": "0.5"}, r"length_weighted_ce\.cap='0.5' is not PositiveInt"),
    ],
)
def test_bad_settings_are_named_with_their_value(overrides, message):
    with pytest.raises(UsageError, match=message):
        entry("losses", "length_weighted_ce").settings(overrides)


def test_settings_come_back_whole_and_typed():
    assert entry("losses", "length_weighted_ce").settings({"alpha": "0.5"}) == {"alpha": 0.5, "cap": 512}


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """An importable module whose classes are registered as an installed package's would be."""

    def write(source):
        (tmp_path / "some_plugin.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setitem(registered.BUILT_IN["models"], "plugged", "some_plugin:Plugged")
        registered.targets.cache_clear()
        source_text._tree.cache_clear()
        registry._describe.cache_clear()
        sys.modules.pop("some_plugin", None)
        importlib.invalidate_caches()
        return entry("models", "plugged")

    yield write
    registered.targets.cache_clear()


def test_every_kind_of_annotation_is_understood(plugin):
    described = plugin(
        "class Plugged:\n"
        "    '''Summary.\n\n    More.'''\n"
        "    devices: tuple = ('cpu', 'cuda')\n"
        "    def __init__(self, *, a: int = 1, b: Literal['x', 'y'] = 'x', c: PositiveFloat | None = None,\n"
        "                 d: bool = False, e: Fraction = 0.1, f: str = 's', g: Literal[1, 2] = 1): ...\n"
    )
    assert described.summary == "Summary."
    assert described.devices == ("cpu", "cuda")
    values = {"a": "-3", "b": "y", "c": "2.5", "d": "true", "e": "0.9", "f": "7", "g": "2"}
    assert described.settings(values) == {"a": -3, "b": "y", "c": 2.5, "d": True, "e": 0.9, "f": "7", "g": 2}
    assert described.settings({"c": "none"})["c"] is None
    for bad in ({"b": "z"}, {"e": "1.0"}, {"d": "maybe"}, {"a": "1.5"}, {"f": "none"}, {"g": "3"}):
        with pytest.raises(UsageError):
            described.settings(bad)


def test_devices_are_inherited_across_modules():
    assert entry("models", "lstm").devices == ("cpu", "cuda")
    assert entry("models", "tfidf_logreg").devices == ("cpu",)


def test_a_training_is_shared_where_the_class_says_so_of_its_own_fit(plugin):
    assert entry("models", "distilbert").data_parallel
    assert not entry("models", "tfidf_logreg").data_parallel
    head = "from models.lstm import Lstm\nclass Plugged(Lstm):\n    'S.'\n"
    assert plugin(head).data_parallel
    assert not plugin(head + "    def fit(self, train, valid, loss): ...\n").data_parallel
    assert plugin(head + "    data_parallel = True\n    def fit(self, train, valid, loss): ...\n").data_parallel
    assert not plugin(head + "    data_parallel = False\n").data_parallel


@pytest.mark.parametrize(
    ("model", "wanted", "expected"),
    [
        ("lstm", Runtime("cuda", "bf16", devices=4), Runtime("cuda", "bf16", devices=4)),
        ("lstm", Runtime("cpu", "fp32", devices=2), Runtime("cpu", "fp32", devices=2)),
        ("nbsvm", Runtime("cuda", "bf16", devices=4), Runtime("cpu", "fp32")),
        ("nbsvm", Runtime("cpu", "fp32", devices=2), Runtime("cpu", "fp32")),
    ],
)
def test_a_model_whose_training_cannot_be_shared_is_on_one_device(model, wanted, expected):
    assert entry("models", model).runtime(wanted) == expected


def test_an_annotation_outside_the_vocabulary_is_refused(plugin):
    with pytest.raises(UsageError, match="annotation may not be 'list"):
        plugin("class Plugged:\n    '''S.'''\n    def __init__(self, *, a: list[int] = None): ...\n")


def test_what_needs_more_or_is_slow_or_changes_nothing_is_off_by_default():
    models = {"static_embeddings", "transformer", "frozen_encoder"}
    assert models | {"length_penalty", "class_weighted_ce", "focal", "label_smoothing"} == registry.OFF_BY_DEFAULT
    assert {*names("models"), *names("losses")} >= registry.OFF_BY_DEFAULT


DECLARED = """
from pydantic import PositiveInt
from models.lstm import Lstm
class Base(Lstm):
    'S.'
    extra: PositiveInt | None = None
    epochs = 7
    _cache: int = 3
class Plugged(Base):
    'S.'
    name: str = "plugged"
    extra = 4
    dropout: float = 0.25
"""


def test_attributes_with_an_annotation_are_parameters_and_subclasses_change_their_defaults(plugin):
    """Read from the source text and by Python alike."""
    described = plugin(DECLARED)
    defaults = {name: parameter.default for name, parameter in described.parameters.items()}
    lstm = {name: parameter.default for name, parameter in entry("models", "lstm").parameters.items()}
    assert defaults == lstm | {"extra": 4, "epochs": 7, "dropout": 0.25}
    model = described.load()
    assert {name: p.default for name, p in inspect.signature(model).parameters.items()} == defaults
    assert model(epochs=2).parameters() == defaults | {"epochs": 2}
    with pytest.raises(UsageError, match="is not PositiveInt"):
        described.settings({"extra": 0})


def test_a_constructor_names_all_parameters_of_its_class_and_of_subclasses(plugin):
    written = "    def __init__(self, *, width: int = 1):\n        super().__init__(epochs=width)\n"
    head = f"from models.lstm import Lstm\nclass Base(Lstm):\n    'S.'\n{written}"
    described = plugin(f"{head}class Plugged(Base):\n    'S.'\n    name = 'plugged'\n")
    assert list(described.parameters) == ["width"]
    assert described.load()(width=4).epochs == 4
    with pytest.raises(UsageError, match="declares extra as attributes, but Base has a constructor"):
        plugin(f"{head}class Plugged(Base):\n    'S.'\n    extra: int = 1\n")
