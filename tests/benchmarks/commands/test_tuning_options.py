"""The budget of tuning on the command line."""

import pytest

from benchmarks.commands import tuning_options
from benchmarks.commands.tuning_options import SamplerChoice, TuningOptions
from benchmarks.config.suite import Tuning
from benchmarks.errors import UsageError

pytest.importorskip("optuna")


def test_without_options_the_suite_decides():
    assert TuningOptions().applied_to(None) is None
    assert TuningOptions().applied_to(Tuning(trials=5)) == Tuning(trials=5)


def test_options_replace_the_suite_s_budget():
    assert TuningOptions(trials=3).applied_to(Tuning(seconds=9)) == Tuning(trials=3)
    assert TuningOptions(tune_seconds=3).applied_to(Tuning(trials=9, sampler="tpe")) == Tuning(seconds=3, sampler="tpe")
    assert TuningOptions(sampler=SamplerChoice.TPE).applied_to(Tuning(trials=9)) == Tuning(trials=9, sampler="tpe")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (TuningOptions(trials=3, tune_seconds=3), "give one of the two"),
        (TuningOptions(sampler=SamplerChoice.RANDOM), "nothing is tuned"),
    ],
)
def test_contradictions_are_named(options, named):
    with pytest.raises(UsageError, match=named):
        options.applied_to(None)


def test_a_missing_optuna_is_named_with_the_cure(monkeypatch):
    monkeypatch.setattr(tuning_options, "is_installed", lambda package: False)
    with pytest.raises(UsageError, match=r"pip install -e '.\[tune\]'"):
        TuningOptions(trials=3).applied_to(None)


@pytest.mark.parametrize("section", [{}, {"trials": 3, "seconds": 9.0}, {"trials": 0}, {"seconds": -1.0}])
def test_a_suite_s_budget_is_one_positive_limit(section):
    with pytest.raises(ValueError, match=r"trials|seconds"):
        Tuning(**section)
