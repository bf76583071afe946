"""The documentation builds, and its reference is what the code says."""

import importlib.util
import subprocess
import sys

import pytest

from benchmarks.hardware.origin import CHECKOUT


def generated():
    spec = importlib.util.spec_from_file_location("generate", CHECKOUT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.pages()


@pytest.mark.parametrize(("file", "content"), generated().items())
def test_the_reference_is_what_the_code_says(file, content):
    """If not: python docs/generate.py."""
    assert (CHECKOUT / "docs" / "reference" / file).read_text(encoding="utf-8") == content


def test_every_key_of_a_suite_file_is_in_the_reference():
    text = generated()["suite-files.md"]
    for key in ("valid_size", "test_size", "repeats", "train_sizes", "seeds"):
        assert f"| `{key}` |" in text


def test_the_site_builds_without_a_warning(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    built = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=120, check=False)
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "site" / "reference" / "commands" / "index.html").exists()
