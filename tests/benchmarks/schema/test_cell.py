"""Cells by their specifications: which are one, and which share a configuration."""

import re
from pathlib import Path

import pytest

from benchmarks.hardware.origin import CHECKOUT
from benchmarks.schema.audits import AUDITS, Audit, acknowledge
from benchmarks.schema.measurements import Measure
from benchmarks.schema.result import CellResult

from .test_comparability import spec


def test_a_configuration_is_shared_by_seeds_and_repeats_alone():
    assert spec().configuration == spec(seed=2, repeat=3).configuration
    for other in ({"train_size": 11}, {"loss": "length_weighted_ce"}, {"precision": "bf16"}, {"code_version": "x"}):
        assert spec().configuration != spec(**other).configuration


def test_an_external_file_counts_by_its_content_and_not_by_its_path():
    here = spec(model_files={"encoder": "1" * 64})
    there = spec(model_params={"encoder": "elsewhere"}, model_files={"encoder": "1" * 64})
    assert (here.id, here.configuration, here.model_configuration) == (
        there.id,
        there.configuration,
        there.model_configuration,
    )
    assert here.id != spec(model_files={"encoder": "2" * 64}).id
    assert here.id != spec(model_params={"encoder": "1" * 64}).id


@pytest.mark.parametrize(
    ("found", "answers"),
    [
        ({}, True),
        ({"spec": spec(dataset="./toy")}, True),
        ({"spec": spec(measure=Measure(rows=3))}, False),
        ({"spec": spec(seed=2)}, False),
        ({"status": "failed"}, False),
    ],
)
def test_a_result_answers_what_it_is_the_result_of_measured_as_wanted(found, answers):
    result = CellResult(**{"spec": spec(), "status": "ok"} | found)
    assert result.answers(spec()) == answers


def test_a_result_keeps_how_it_was_measured():
    wanted = spec(measure=Measure(rows=3))
    result = CellResult(spec=wanted, status="ok")
    assert result.measure == wanted.measure
    assert CellResult.model_validate_json(result.model_dump_json()).answers(wanted)


def test_an_alarm_is_a_failure_that_is_an_error_and_not_acknowledged():
    audits = [
        Audit(name="a", passed=True, reason=""),
        Audit(name="b", passed=False, reason=""),
        Audit(name="c", passed=False, reason="", severity="warning"),
        Audit(name="d", passed=False, reason=""),
    ]
    known = acknowledge(audits, {"a": "never failed", "d": "123 leaked rows are known"})
    assert [audit.alarms for audit in known] == [False, True, False, False]
    assert [audit.acknowledged for audit in known] == ["", "", "", "123 leaked rows are known"]


def test_every_audit_of_a_cell_can_be_acknowledged():
    source = (Path(CHECKOUT) / "benchmarks" / "cells" / "audits.py").read_text()
    assert set(re.findall(r'\bname(?:=| = )"([^"]+)"', source)) <= set(AUDITS)
