"""The errors that this project raises on purpose."""

import pytest

from benchmarks.errors import BenchmarkError, UsageError
from benchmarks.store.files import DamagedError, StoreError, WriteError
from data.dataset import DataError


@pytest.mark.parametrize("kind", [UsageError, StoreError, DamagedError, WriteError, DataError])
def test_all_have_one_base_class(kind):
    assert issubclass(kind, BenchmarkError)


def test_an_error_that_names_an_option_reads_as_python_and_as_a_command_line():
    error = UsageError("must be positive", option="train_size", value=0)
    assert str(error) == "train_size=0: must be positive"
    assert error.named("--train-size ") == "--train-size 0: must be positive"
    assert UsageError("a plain sentence").named("--x ") == "a plain sentence"
