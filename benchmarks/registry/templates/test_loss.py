"""Run with `python -m pytest test_my_loss.py`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.contract import LOSS_CHECKS, Built
from benchmarks.registry import add_plugin


@pytest.fixture(scope="module")
def built() -> Built:
    """The loss, built on the lengths of training texts."""
    add_plugin(Path(__file__).with_name("my_loss.py"))
    return Built("my_loss", {})


@pytest.mark.parametrize("check", LOSS_CHECKS, ids=lambda check: check.__name__)
def test_the_contract(built: Built, check: Callable[[Built], None]) -> None:
    """What every loss must do."""
    check(built)
