"""The errors that this project raises on purpose."""

import sys

import pytest

from benchmarks.errors import BenchmarkError, UsageError, complain
from benchmarks.store.files import DamagedError, StoreError, WriteError
from data.dataset import DataError


@pytest.mark.parametrize("kind", [UsageError, StoreError, DamagedError, WriteError, DataError])
def test_all_have_one_base_class(kind):
    assert issubclass(kind, BenchmarkError)


@pytest.mark.parametrize(("is_terminal", "lines"), [(True, 3), (False, 1)])
def test_a_long_line_is_wrapped_on_a_terminal_only(monkeypatch, capsys, is_terminal, lines):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    message = "--models: " + " ".join(f"word-{number}" for number in range(20))
    complain(message)
    shown = capsys.readouterr().err
    assert " ".join(shown.split()) == f"error: {message}"
    assert len(shown.splitlines()) == lines
    assert not is_terminal or max(map(len, shown.splitlines())) <= 80


def test_an_error_that_names_an_option_reads_as_python_and_as_a_command_line():
    error = UsageError("must be positive", option="train_size", value=0)
    assert str(error) == "train_size=0: must be positive"
    assert error.named("--train-size ") == "--train-size 0: must be positive"
    assert UsageError("a plain sentence").named("--x ") == "a plain sentence"
