"""What makes a cell another cell: each ingredient of its identity is changed in turn, and so is everything else.

A situation is planned, changed in one respect, and planned again; the ids of the cells are the same or all others.
"""

import csv
import functools
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from benchmarks.config.plan import Choices
from benchmarks.config.suite import Suite
from benchmarks.registry import code_version as code
from benchmarks.registry import libraries, names, plugins
from benchmarks.registry.entries import add_plugin
from benchmarks.runs.run import prepare_run
from benchmarks.schema import cell
from models.model import Runtime

WORD_COUNTS = (Path(__file__).parent / "word_counts.py").read_text()
SOURCES = functools.cache(code._read)
"""Module -> source, read once: an editor that saves a file meanwhile changes nothing here."""

CACHES = (code._tree, code._digests, code._definitions, code._imported, code._is_package, code._version)

pytestmark = pytest.mark.usefixtures("forgetful")


def rows(count=120):
    """Rows of a table: text, a label of 1 to 4, a group of four rows."""
    opinions = ("dull", "poor", "great", "superb")
    return [
        {"text": f"film {n} was {opinions[n % 4]} indeed", "label": n % 4 + 1, "group": f"g{n // 4}"}
        for n in range(count)
    ]


DATA = {"group_column": "group", "label_map": "1,2=neg;3,4=pos", "valid_size": 20, "test_size": 20}
CPU = Runtime()


@dataclass(frozen=True)
class Situation:
    """Everything that a user types, has on disk and has installed."""

    rows: list[dict] = field(default_factory=rows)
    file: str = "r.csv"
    typed: str = "r.csv"
    data: dict = field(default_factory=lambda: dict(DATA))
    grid: dict = field(default_factory=lambda: {"losses": ["length_weighted_ce"], "train_sizes": [40]})
    set: dict = field(default_factory=dict)
    suite: dict = field(default_factory=dict)
    choices: dict = field(default_factory=dict)
    runtime: Runtime = CPU
    plugin: str = WORD_COUNTS
    plugin_file: str = "a_plugin.py"
    encoder: dict = field(default_factory=lambda: dict.fromkeys(("config.json", "tokenizer.json"), "{}"))
    weights: bytes = b"weights"
    encoder_folder: str = "encoder"
    encoder_typed: str = "encoder"
    sources: dict[str, Callable[[str], str]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    unicode: str = ""
    sample_seed: int = 0
    deep: bool = False
    price: float | None = None
    out: str = "out"


MODELS = ("word_counts", "distilbert")


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """The ids of a situation's cells, by model."""

    def plan(situation):
        folder = tmp_path / "here"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        with monkeypatch.context() as patch:
            patch.chdir(folder)
            patch.setattr(names, "_added", {"models": {}, "losses": {}, "datasets": {}})
            patch.setattr(plugins, "_loaded", {})
            names.targets.cache_clear()
            try:
                return ids(situation, patch)
            finally:
                names.targets.cache_clear()
                if situation.sources:
                    forget_code()

    return plan


def forget_code():
    for cached in CACHES:
        cached.cache_clear()


def ids(situation, patch):
    write_table(Path(situation.file), situation.rows)
    encoder = Path(situation.encoder_folder)
    encoder.mkdir(parents=True)
    for name, content in situation.encoder.items():
        (encoder / name).write_text(content)
    (encoder / "model.safetensors").write_bytes(situation.weights)
    Path(situation.plugin_file).write_text(situation.plugin)
    add_plugin(Path(situation.plugin_file))
    if situation.sources:
        forget_code()
    edited = {module: edit(SOURCES(module)) for module, edit in situation.sources.items()}
    patch.setattr(
        code, "_source", functools.cache(lambda module: edited[module] if module in edited else SOURCES(module))
    )
    patch.setattr(cell, "SAMPLE_SEED", situation.sample_seed)
    version = libraries.version
    patch.setattr(libraries, "version", lambda name: situation.versions.get(name) or version(name))
    if situation.unicode:
        patch.setattr(libraries.unicodedata, "unidata_version", situation.unicode)
    suite = Suite(
        data={"name": situation.typed.format(here=Path.cwd()), **situation.data},
        grid=[
            {
                "models": list(MODELS),
                **situation.grid,
                "set": {"distilbert.encoder": situation.encoder_typed} | situation.set,
            }
        ],
        **{"name": "small"} | situation.suite,
    )
    run = prepare_run(
        suite,
        Choices(**situation.choices),
        lambda: situation.runtime,
        Path(situation.out),
        ["benchmarks", "run"],
        deep=situation.deep,
        price=situation.price,
    )
    found = {
        model: [spec.id for spec in run.specs if spec.model == model and spec.role == "result"] for model in MODELS
    }
    assert all(found.values())
    return found


def write_table(path, table):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in table))
        return
    text = io.StringIO()
    writer = csv.DictWriter(text, table[0])
    writer.writeheader()
    writer.writerows(table)
    path.write_text(text.getvalue())


def with_row(index, **changes):
    return lambda s: replace(s, rows=[row | changes if n == index else row for n, row in enumerate(s.rows)])


def with_data(**changes):
    return lambda s: replace(s, data=s.data | changes)


def with_grid(**changes):
    return lambda s: replace(s, grid=s.grid | changes)


def with_set(**changes):
    return lambda s: replace(s, set={name.replace("__", "."): value for name, value in changes.items()})


def but(**changes):
    return lambda s: replace(s, **changes)


def edited(module, edit=lambda source: f"{source}\nEDITED = 1\n"):
    return but(sources={module: edit})


def regrouped(s):
    """Groups of two rows in place of four."""
    return replace(s, rows=[row | {"group": f"g{n // 2}"} for n, row in enumerate(s.rows)])


def renamed_groups(s):
    return replace(s, rows=[row | {"group": f"another {row['group']}"} for row in s.rows])


ALL, ENCODER, PLUGIN = MODELS, ("distilbert",), ("word_counts",)

INGREDIENTS = {
    "a text": (with_row(3, text="film 3 was another"), ALL),
    "a label": (with_row(3, label=1), ALL),
    "a class's name": (with_data(label_map="1,2=bad;3,4=pos"), ALL),
    "a label map put right": (with_data(label_map="1,2=pos;3,4=neg"), ALL),
    "the order of classes": (with_data(label_map="3,4=pos;1,2=neg"), ALL),
    "row numbers": (lambda s: replace(s, rows=[{"text": "no class", "label": 9, "group": "x"}, *s.rows]), ALL),
    "a row more": (lambda s: replace(s, rows=rows(124)), ALL),
    "groups": (regrouped, ALL),
    "names of groups": (renamed_groups, ALL),
    "no groups": (with_data(group_column=None), ALL),
    "validation rows": (with_data(valid_size=24), ALL),
    "test rows": (with_data(test_size=24), ALL),
    "training rows": (with_grid(train_sizes=[48]), ALL),
    "the sample's seed": (but(sample_seed=1), ALL),
    "the repeat": (with_grid(seeds=[1], repeats=2), ()),
    "the seed": (with_grid(seeds=[2]), ALL),
    "the loss": (with_grid(losses=["ce"]), ALL),
    "a parameter of the loss": (with_set(length_weighted_ce__alpha=2.0), ALL),
    "a parameter of a model": (with_set(distilbert__epochs=3), ENCODER),
    "a parameter of a plug-in": (with_set(word_counts__smoothing=2.0), PLUGIN),
    "the encoder's weights": (but(weights=b"others"), ENCODER),
    "the encoder's tokenizer": (but(encoder={"config.json": "{}", "tokenizer.json": "[]"}), ENCODER),
    "the encoder's configuration": (but(encoder={"config.json": "[]", "tokenizer.json": "{}"}), ENCODER),
    "the plug-in's file": (but(plugin=f"{WORD_COUNTS}# edited\n"), PLUGIN),
    "code of a model": (edited("models.distilbert"), ENCODER),
    "code that models share": (edited("models.neural.training"), ENCODER),
    "code of a loss": (edited("losses.length_weighted_ce"), ALL),
    "code of splits": (edited("data.splitting"), ALL),
    "code of the harness": (edited("benchmarks.cells.run_cell"), ALL),
    "code of audits": (edited("benchmarks.cells.audits"), ALL),
    "a library that all compute with": (but(versions={"numpy": "99.0"}), ALL),
    "a library of one model": (but(versions={"transformers": "99.0"}), ENCODER),
    "Unicode's tables": (but(unicode="99.0"), ALL),
    "the device": (but(runtime=Runtime("cuda")), ENCODER),
    "the precision": (but(runtime=Runtime("cpu", "bf16")), ENCODER),
    "the number of devices": (but(runtime=Runtime("cpu", devices=2)), ENCODER),
}  # fmt: skip
"""Ingredient -> a change of it, and the models whose cells become others; the others' stay."""

ANYTHING_ELSE = {
    "the path as typed": but(typed="./r.csv"),
    "an absolute path": but(typed="{here}/r.csv"),
    "another folder": but(file="folder/r.csv", typed="folder/r.csv"),
    "another name": but(file="reviews.csv", typed="reviews.csv"),
    "another format": but(file="r.jsonl", typed="r.jsonl"),
    "a column that nothing reads": lambda s: replace(s, rows=[{**row, "note": "x"} for row in s.rows]),
    "names of columns, given": lambda s: replace(
        s,
        rows=[{"body": row["text"], "stars": row["label"], "group": row["group"]} for row in s.rows],
        data=s.data | {"text_column": "body", "label_column": "stars"},
    ),
    "columns that are named anyway": with_data(text_column="text", label_column="label", group_column="group"),
    "a label map in other words": with_data(label_map="1=neg; 2=neg; 3,4=pos"),
    "the suite's name": but(suite={"name": "another"}),
    "the description": but(suite={"description": "Another one."}),
    "how inference is measured": but(suite={"measure": {"rows": 7, "repeats": 1, "single": 2}}),
    "an acknowledged audit": but(suite={"acknowledge": {"truncation": "long texts"}}),
    "other cells beside it": with_grid(seeds=[1, 2]),
    "a deep audit beside it": but(deep=True),
    "a price": but(price=1.5),
    "a margin of equality": but(suite={"margin": "0.5pp"}),
    "the results folder": but(out="elsewhere"),
    "the threads": but(runtime=Runtime(threads=3)),
    "the encoder's path as typed": but(encoder_typed="./encoder"),
    "a copy of the encoder": but(encoder_folder="models/copy", encoder_typed="models/copy"),
    "the plug-in's path": but(plugin_file="renamed.py"),
    "a comment in code": edited("models.distilbert", lambda source: f"# a comment\n{source}"),
    "a docstring in code": edited("models.distilbert", lambda s: s.replace('"""DistilBERT', '"""Another DistilBERT')),
    "code of clocks": edited("benchmarks.measurement.clock"),
    "code of reports": edited("reports.render.tables"),
    "code of another model": edited("models.lstm"),
    "a release": but(versions={"text-classification-baselines": "99.0"}),
    "a library that only writes": but(versions={"pandas": "99.0", "safetensors": "99.0"}),
    "a setting at its default": with_set(distilbert__epochs=2),
}  # fmt: skip


PLANNED = {}
"""The cells of the situation that is changed, planned once."""


@pytest.fixture
def before(plan):
    return PLANNED.setdefault("ids", PLANNED.get("ids") or plan(Situation()))


@pytest.mark.parametrize("name", INGREDIENTS)
def test_a_change_of_an_ingredient_makes_new_cells(plan, before, name):
    change, models = INGREDIENTS[name]
    after = plan(change(Situation()))
    for model in MODELS:
        if name == "the repeat":  # the first is the plain split
            assert before[model] == after[model][:1]
            assert len(set(after[model])) == 2
        else:
            assert set(before[model]).isdisjoint(after[model]) == (model in models)


@pytest.mark.parametrize("name", ANYTHING_ELSE)
def test_a_change_of_anything_else_makes_none(plan, before, name):
    after = plan(ANYTHING_ELSE[name](Situation()))
    assert all(set(before[model]) <= set(after[model]) for model in MODELS)


def test_an_encoder_that_changes_while_the_program_runs_is_seen(plan, tmp_path):
    """Weights of the same size and with the same time of change: a content address by path alone would not see it."""
    first = plan(Situation())
    second = plan(Situation(weights=b"Weights"))
    assert first["distilbert"] != second["distilbert"]


def test_one_encoder_under_two_paths_is_one_cell(plan):
    """Else a model would be compared with itself."""
    both = plan(Situation(encoder_typed=["encoder", "./encoder"]))
    assert len(both["distilbert"]) == 1
