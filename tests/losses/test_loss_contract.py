"""What every registered loss must do, whatever it is."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.registry.entries import loss_class, names
from benchmarks.registry.loss_contract import LABELS, LENGTHS, LOSS_CHECKS, Built, gradient_at_optimum

LOSSES = names("losses")


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_has_tests_of_its_own(name):
    assert (Path(__file__).parent / f"test_{name}.py").is_file()


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("check", LOSS_CHECKS, ids=lambda check: check.__name__)
def test_the_contract(name, check):
    check(Built(name, {}))


def test_the_stationary_point_moves_with_the_weights():
    """The check could fail: another loss's weights leave a gradient."""
    loss = loss_class("length_weighted_ce")(LENGTHS, LABELS)
    assert gradient_at_optimum(loss, np.ones(len(LENGTHS))).abs().max() > 1e-4
