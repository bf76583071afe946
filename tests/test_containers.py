"""The Dockerfiles, as far as they can be checked without an engine."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from benchmarks.hardware.origin import CHECKOUT, PACKAGES

FILES = ("Dockerfile", "Dockerfile.gpu")


@pytest.mark.parametrize("file", FILES)
def test_hadolint_finds_nothing(file):
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists():
        pytest.skip("hadolint is not installed (extra dev)")
    found = subprocess.run([hadolint, "--no-color", CHECKOUT / file], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


@pytest.mark.parametrize("file", FILES)
def test_an_image_has_every_package_and_runs_as_nobody_special(file):
    lines = (CHECKOUT / file).read_text().splitlines()
    for package in PACKAGES:
        assert f"COPY {package} {package}" in lines
    assert [line for line in lines if line.startswith("USER ")][-1].removeprefix("USER ") not in ("0", "root")
    assert all(":" in line for line in lines if line.startswith("FROM ") and "/" in line), "every base is pinned"


def test_the_build_context_holds_no_results_and_no_data_but_the_package():
    allowed = {line.removeprefix("!") for line in (CHECKOUT / ".dockerignore").read_text().split() if line[0] == "!"}
    assert allowed == {*PACKAGES, "constraints.txt", "pyproject.toml", "README.md", "LICENSE"}


def test_compose_builds_both_and_serves_on_this_machine_only():
    services = yaml.safe_load((CHECKOUT / "compose.yaml").read_text())["services"]
    assert services["benchmark-gpu"]["build"]["dockerfile"] == "Dockerfile.gpu"
    assert services["report"]["ports"] == ["127.0.0.1:8000:8000"]
