"""The command line answers at once."""

import os
import subprocess
import sys
import time

import pytest

from benchmarks.hardware.origin import CHECKOUT

pytestmark = pytest.mark.alone

HEAVY = ("torch", "transformers", "sklearn", "scipy", "pandas", "matplotlib", "datasets")
PROBE = "import sys; from benchmarks.cli import app; app(sys.argv[1:], standalone_mode=False); print(*sys.modules)"


LIBRARIES = "import numpy, pydantic, rich.console, typer.main"
"""What any command needs: the yardstick, since a machine's seconds are its own. 0.35 s where `list` took 0.5 s."""


def seconds(arguments, environment):
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments], cwd=CHECKOUT, env=environment, capture_output=True, check=True, timeout=60
    )
    return time.perf_counter() - began


@pytest.mark.parametrize(("arguments", "times"), [(["list"], 3), (["run", "--dry-run"], 4)])
def test_an_answer_is_quick(arguments, times, tmp_path):
    """Beside the libraries alone, in turns, the fastest of five; with compiled modules at hand, as a user has them."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(tmp_path)}
    ours, libraries = zip(
        *(
            (seconds(["-m", "benchmarks", *arguments], environment), seconds(["-c", LIBRARIES], environment))
            for _ in range(5)
        ),
        strict=True,
    )
    assert min(ours) < times * min(libraries)


@pytest.mark.parametrize("arguments", [["list"], ["run", "--dry-run"]])
def test_nothing_heavy_is_imported(arguments):
    command = [sys.executable, "-c", PROBE, *arguments]
    shown = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True, timeout=60)
    assert not set(HEAVY) & set(shown.stdout.splitlines()[-1].split())
