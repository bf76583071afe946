"""The command line answers at once."""

import subprocess
import sys
import time

import pytest

from benchmarks.origin import CHECKOUT

HEAVY = ("torch", "transformers", "sklearn", "scipy", "pandas", "matplotlib", "datasets")
PROBE = "import sys; from benchmarks.cli import app; app(sys.argv[1:], standalone_mode=False); print(*sys.modules)"


@pytest.mark.parametrize(("arguments", "seconds"), [(["list"], 0.5), (["run", "--dry-run"], 1.0)])
def test_an_answer_is_quick(arguments, seconds):
    """The limit with half as much again, since tests seldom have the machine to themselves; the fastest of five."""
    took = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "benchmarks", *arguments], cwd=CHECKOUT, capture_output=True, check=True, timeout=60
        )
        took.append(time.perf_counter() - began)
    assert min(took) < 1.5 * seconds


@pytest.mark.parametrize("arguments", [["list"], ["run", "--dry-run"]])
def test_nothing_heavy_is_imported(arguments):
    command = [sys.executable, "-c", PROBE, *arguments]
    shown = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True, timeout=60)
    assert not set(HEAVY) & set(shown.stdout.splitlines()[-1].split())
