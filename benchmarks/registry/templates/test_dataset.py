"""Run with `python -m pytest test_my_dataset.py`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.contract import SOURCE_CHECKS, Read
from benchmarks.registry import add_plugin


@pytest.fixture(scope="module")
def read() -> Read:
    """The dataset, read."""
    add_plugin(Path(__file__).with_name("my_dataset.py"))
    return Read("my_dataset")


@pytest.mark.parametrize("check", SOURCE_CHECKS, ids=lambda check: check.__name__)
def test_the_contract(read: Read, check: Callable[[Read], None]) -> None:
    """What every source of data must do."""
    check(read)
