"""The command line answers at once."""

import os
import subprocess
import sys
import time

import pytest

from benchmarks.hardware.origin import CHECKOUT

pytestmark = pytest.mark.alone

HEAVY = ("torch", "transformers", "sklearn", "scipy", "pandas", "matplotlib", "datasets")
PROBE = "import sys; from benchmarks.cli import _invoke; _invoke(['benchmarks', *sys.argv[1:]]); print(*sys.modules)"


LIBRARIES = "import numpy, pydantic, rich.console, typer.main"
"""What any command needs: the yardstick, since a machine's seconds are its own. 0.35 s where `list` took 0.5 s."""


def seconds(arguments, environment):
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments], cwd=CHECKOUT, env=environment, capture_output=True, check=True, timeout=60
    )
    return time.perf_counter() - began


def test_an_answer_is_quick(tmp_path):
    """Beside the libraries alone, in turns, the fastest of five; with compiled modules at hand, as a user has them."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(tmp_path)}
    ours, libraries = zip(
        *(
            (seconds(["-m", "benchmarks", "list"], environment), seconds(["-c", LIBRARIES], environment))
            for _ in range(5)
        ),
        strict=True,
    )
    assert min(ours) < 3 * min(libraries)


@pytest.mark.parametrize("arguments", [["list"], ["run", "--help"], ["predict", "--help"]])
def test_nothing_heavy_is_imported(arguments):
    command = [sys.executable, "-c", PROBE, *arguments]
    shown = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True, timeout=60)
    assert not set(HEAVY) & set(shown.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("command", [["run", "--dry-run"], ["explore"]])
def test_a_command_says_that_it_loads_before_it_imports_what_is_heavy(command, tmp_path):
    """Imports of torch and pandas end the program here."""
    for name in ("torch", "pandas"):
        (tmp_path / f"{name}.py").write_text("raise KeyboardInterrupt\n")
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks", *command],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{CHECKOUT}"},
        cwd=tmp_path,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "Loading ...\n", "interrupted\n")
