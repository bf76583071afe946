"""How often `recommend` is right; `RECOMMEND_RUNS=1000` repeats the published simulation."""

import os

import numpy as np
import pytest

from benchmarks.hardware.origin import CHECKOUT
from reports.certificate.decisions import SETTINGS, Outcome, simulate, table

PAGE = CHECKOUT / "docs" / "explanation" / "deciding.md"
RUNS = int(os.environ.get("RECOMMEND_RUNS", "0"))
SHORT = 60


def published():
    """Name of the setting -> shares of the outcomes, and of runs with a false claim of either kind."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.endswith(" % |")]
    return {name: [float(cell.removesuffix(" %")) / 100 for cell in rest] for name, *rest in cells}


def test_every_setting_is_published():
    assert list(published()) == [setting.name for setting in SETTINGS]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_published_claims_are_false_in_one_run_of_twenty_at_most(setting):
    *outcomes, false_good, false_bad = published()[setting.name]
    assert sum(outcomes) == pytest.approx(1, abs=0.002)
    error = 3 * np.sqrt(0.05 * 0.95 / 1000)
    assert max(false_good, false_bad, outcomes[-1]) <= 0.05 + error


@pytest.mark.parametrize("setting", [SETTINGS[0], SETTINGS[4]], ids=lambda setting: setting.name)
def test_a_short_simulation_agrees_with_the_published_one(setting):
    found = simulate(setting, SHORT)
    for outcome, share in zip(Outcome, published()[setting.name], strict=False):
        error = np.sqrt(max(share * (1 - share), 0.01) / SHORT)
        assert abs(found.share(outcome) - share) <= 4 * error, outcome
    assert found.false_good <= found.runs * 0.05 + 4 * np.sqrt(SHORT * 0.05)


@pytest.mark.skipif(not RUNS, reason="set RECOMMEND_RUNS=1000 for the published simulation, ten minutes")
@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_the_published_simulation_is_repeated(setting):
    row = table([(setting, simulate(setting, RUNS))]).splitlines()[-1]
    if RUNS == 1_000:
        assert row in PAGE.read_text(encoding="utf-8")
