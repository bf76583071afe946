"""Messages of exceptions may quote texts of the data; nothing that is made to be passed on does."""

import numpy as np
import pytest
from tiny_cells import TEXT

from benchmarks.errors import UsageError, is_out_of_memory, publishable
from data.errors import DataError
from losses.ce import CrossEntropy


def raised(call):
    with pytest.raises(BaseException) as caught:  # noqa: PT011
        call()
    return caught.value


def plugin_raises(error):
    raise error


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: float(TEXT), "ValueError"),
        (lambda: plugin_raises(UsageError(TEXT)), "UsageError"),  # of ours in name only
        (lambda: plugin_raises(OSError(5, TEXT)), "OSError: Input/output error"),
        (lambda: open(f"/nowhere/{TEXT}"), "FileNotFoundError: No such file or directory"),  # noqa: PTH123, SIM115
        (lambda: np.zeros(3) @ np.zeros(4), "ValueError"),
        (lambda: CrossEntropy(np.zeros(0), np.zeros(0)), "ValueError: a loss needs the lengths of at least one"),
        (lambda: np.ones(1 << 48), "MemoryError: Unable to allocate 2.00 PiB"),
        (lambda: plugin_raises(RuntimeError(f"CUDA error: out of memory for {TEXT}")), "RuntimeError: CUDA error: out"),
    ],
)  # fmt: skip
def test_a_message_is_published_only_where_it_cannot_quote_the_data(call, expected):
    found = publishable(raised(call))
    assert found.startswith(expected)
    assert TEXT not in found


def test_an_exception_from_another_machine_has_no_traceback_and_counts_by_its_class():
    assert publishable(DataError("no rows")) == "DataError: no rows"
    assert publishable(ValueError(TEXT)) == "ValueError"


def test_a_message_of_megabytes_is_shortened_and_of_one_line():
    found = publishable(raised(lambda: plugin_raises(MemoryError("a" * 10_000_000))))
    assert len(found) == 300
    assert publishable(raised(lambda: plugin_raises(MemoryError("a\nb\x1b[31m")))) == "MemoryError: a"


@pytest.mark.parametrize(
    ("error", "expected"), [(OSError(12, "x"), True), (OSError(28, "x"), False), (RuntimeError("ALLOC_FAILED"), True)]
)
def test_memory_that_ran_out_is_recognised(error, expected):
    assert is_out_of_memory(error) == expected
