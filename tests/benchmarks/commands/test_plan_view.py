"""The plan of a dry run."""

import dataclasses
import io

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from benchmarks.commands.plan_view import PlanState, comparisons, detectable, duration, print_plan
from benchmarks.hardware.environment import environment
from benchmarks.schema.result import CellResult


def printed(specs, done=(), seconds=None):
    console = Console(file=io.StringIO(), width=80)
    print_plan(console, "quick on toy", specs, PlanState(frozenset(done), seconds or {}))
    return console.file.getvalue()


def test_one_row_per_configuration_with_its_seeds_and_changed_settings(make_spec):
    specs = [make_spec(seed=seed, C=value) for value in (1.0, 2.0) for seed in (1, 2, 3, 7)]
    output = printed(specs)
    rows = [line for line in output.splitlines() if "tfidf_logreg" in line]
    assert len(rows) == 2
    assert all("1-3, 7" in row and "40" in row for row in rows)
    assert [("C=1.0" in row, "C=2.0" in row) for row in rows] == [(True, False), (False, True)]
    assert "8 cells" in output


def test_a_swept_parameter_is_shown_where_it_has_its_default_too(make_spec):
    rows = [line for line in printed([make_spec(ngrams=n) for n in (1, 2)]).splitlines() if "tfidf_logreg" in line]
    assert [("ngrams=1" in row, "ngrams=2" in row) for row in rows] == [(True, False), (False, True)]


def test_everything_fits_80_columns(make_spec):
    specs = [make_spec(model="distilbert", loss="length_weighted_ce", encoder="a/path/to/an/encoder" * 3, epochs=7)]
    assert max(map(len, printed(specs).splitlines())) <= 80


def test_names_of_models_and_losses_stay_on_one_line(make_spec):
    encoder = make_spec(model="frozen_encoder", loss="length_weighted_ce", truncation="head_tail", pooling="max")
    output = printed([encoder, make_spec(model="static_embeddings", loss="length_weighted_ce")])
    assert all(name in output for name in ("frozen_encoder", "static_embeddings", "length_weighted_ce"))


def test_time_is_estimated_where_earlier_results_allow_it(make_spec):
    known, done, unknown = (make_spec(seed=1), make_spec(seed=2), make_spec(model="nbsvm"))
    output = printed([known, done, unknown], done={done.id}, seconds={known.id: 120.0, done.id: 999.0})
    assert "~ 2 min" in output
    assert "3 cells, 1 of them done" in output
    assert "about 2 min one after another" in output
    assert "no estimate for 1 cell" in " ".join(output.split())
    assert "no time estimate" in printed([known])
    assert " done" in printed([done], done={done.id})


@pytest.mark.parametrize(("seconds", "shown"), [(0.2, "1 s"), (40, "40 s"), (600, "10 min"), (9_000, "2.5 h")])
def test_durations(seconds, shown):
    assert duration(seconds) == shown


def test_comparisons_are_within_a_training_size(make_spec):
    specs = [make_spec(model=name, seed=seed) for name in ("nbsvm", "tfidf_logreg", "lstm") for seed in (1, 2)]
    larger = [spec.model_copy(update={"train_size": 60}) for spec in specs[:4]]
    assert comparisons([*specs, *larger]) == (3, 2)
    assert comparisons(specs[:1]) == (1, 1)


def grouped(dataset, size):
    test = dataset.test
    groups = tuple(f"film {index // size}" for index in range(len(test)))
    return dataclasses.replace(dataset, test=dataclasses.replace(test, groups=groups))


def test_groups_are_named_as_groups_and_rows_as_rows(make_spec, dataset, tmp_path):
    specs = [make_spec(), make_spec(model="nbsvm")]
    said = detectable(specs, grouped(dataset, 2), tmp_path / "none")
    assert said.startswith("40 test rows in 20 groups and 1 comparison detect a difference of ")
    assert "(assumed; design effect 1.05)" in said
    assert detectable(specs, dataset, tmp_path).startswith("40 test rows and 1 comparison detect")
    assert detectable(specs, grouped(dataset, 1), tmp_path).startswith("40 test rows and 1 comparison detect")


def test_earlier_results_of_the_same_data_say_how_rows_of_a_group_agree(make_spec, dataset, store):
    data = grouped(dataset, 4)
    specs = [make_spec(model=name).model_copy(update={"data_fingerprint": data.fingerprint}) for name in MODELS]
    write_results(store, data, specs)
    assert "(earlier results; design effect 4.00)" in detectable(specs, data, store.folder)
    other = dataclasses.replace(data, train=data.train.take(np.arange(50)))
    assert "(assumed; design effect 1.15)" in detectable(specs, other, store.folder)


MODELS = ("tfidf_logreg", "nbsvm")


def write_results(store, data, specs):
    """Whole films right or wrong: of the second model, every other film."""
    test, films = data.test, np.arange(len(data.test)) // 4
    for spec, right in zip(specs, (films >= 0, films % 2 == 0), strict=True):
        predicted = np.where(right, test.labels, 1 - test.labels)
        columns = {"row": test.rows, "label": test.labels, "length": test.lengths, "group": test.groups}
        probabilities = {f"probability_{label}": (predicted == label).astype(float) for label in (0, 1)}
        result = CellResult(spec=spec, status="ok", classes=["negative", "positive"])
        store.write_result(result, pd.DataFrame({**columns, **probabilities}))
    store.write_run(
        {
            "suite": "quick",
            "command": [],
            "started": "",
            "planned": [spec.id for spec in specs],
            "dataset": {
                "name": data.name,
                "fingerprint": data.fingerprint,
                "provenance": {},
                "train": len(data.train),
                "valid": len(data.valid),
                "test": len(test),
                "classes": ["negative", "positive"],
            },
            "device": "cpu",
            "precision": "fp32",
            "code_version": "0",
            "environment": environment(),
        }
    )
