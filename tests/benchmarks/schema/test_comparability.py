"""What a report refuses to mix."""

import pytest

from benchmarks.schema.cell import CellSpec
from benchmarks.schema.comparability import why_not_comparable, why_rates_not_comparable
from benchmarks.schema.measurements import Measure, Measurement
from benchmarks.schema.result import CellResult


def spec(**changes):
    fields = {
        "dataset": "toy",
        "data_fingerprint": "a" * 64,
        "train_size": 10,
        "valid_size": 5,
        "test_size": 5,
        "model": "distilbert",
        "model_params": {"encoder": "folder"},
        "loss": "ce",
        "loss_params": {},
        "seed": 1,
        "device": "cpu",
        "precision": "fp32",
        "code_version": "0.2.0+abc",
    }
    return CellSpec(**fields | changes)


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"seed": 2},
        {"repeat": 1, "seed": 2},
        {"dataset": "./toy"},
        {"measure": Measure(rows=3)},
        {"model": "nbsvm", "model_params": {}, "code_version": "0.2.0+def"},
        {"train_size": 20, "code_version": "0.2.0+def"},
    ],
)
def test_cells_of_one_data_and_of_one_code_for_each_configuration_may_be_compared(other):
    assert why_not_comparable([spec(), spec(**other)]) == ""


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"data_fingerprint": "b" * 64}, "cells of different data"),
        ({"seed": 2, "code_version": "0.2.0+def"}, r"differ in code_version \(0.2.0\+abc and 0.2.0\+def\)"),
        ({"seed": 2, "libraries": {"torch": "2.13.0"}}, r"differ in libraries \(torch none and 2.13.0\)"),
        ({"seed": 2, "model_plugin": "1" * 64}, "differ in model_plugin"),
        ({"seed": 2, "loss_plugin": "1" * 64}, "differ in loss_plugin"),
        ({"seed": 2, "model_files": {"encoder": "9" * 64}}, "differ in model_files"),
    ],
)
def test_others_are_refused_in_one_line_that_names_the_difference(other, reason):
    found = why_not_comparable([spec(), spec(**other)])
    assert found
    assert "\n" not in found
    with pytest.raises(ValueError, match=reason):
        raise ValueError(found)


def result(measure=Measure(), **environment):
    reading = Measurement(phase="fit", examples=[1], tokens=[], seconds=[1.0])
    return CellResult(
        spec=spec(measure=measure), status="ok", measurements=[reading], environment={"processor": "a"} | environment
    )


def test_times_of_one_machine_measured_alike_may_be_compared():
    assert why_rates_not_comparable([result(), result()]) == ""


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (result(processor="b"), "processor is a and b"),
        (result(threads=2), "threads is None and 2"),
        (result(accelerator="H100"), "accelerator is None and H100"),
        (result(measure=Measure(rows=3)), "different"),
    ],
)
def test_times_of_two_machines_or_measured_otherwise_are_refused(other, reason):
    assert reason in why_rates_not_comparable([result(), other])
