"""The documentation builds without a warning, and its generated pages are what the code says."""

import importlib.util
import os
import re
import subprocess
import sys

import pytest
import yaml

from benchmarks.hardware.origin import CHECKOUT

DOCS = CHECKOUT / "docs"


def generated():
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.pages()


def build(docs, site):
    """Build the site strictly from a configuration beside a folder of pages."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", docs.parent / "mkdocs.yml"]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(
        [*command, "--site-dir", site], env=environment, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.parametrize(("file", "content"), generated().items())
def test_the_reference_is_what_the_code_says(file, content):
    """If not: python docs/generate.py."""
    assert (DOCS / "reference" / file).read_text(encoding="utf-8") == content


def test_every_key_of_a_suite_file_is_in_the_reference():
    text = generated()["suite-files.md"]
    for key in ("valid_size", "test_size", "repeats", "train_sizes", "seeds"):
        assert f"| `{key}` |" in text


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    built = build(DOCS, folder)
    assert built.returncode == 0, built.stderr
    assert "WARNING" not in built.stderr
    return folder


def test_the_site_builds_without_a_warning(site):
    assert (site / "reference" / "commands" / "index.html").exists()


def test_pages_outside_docs_are_part_of_the_site(site):
    page = (site / "results" / "index.html").read_text(encoding="utf-8")
    assert 'href="../published/imdb/report/"' in page
    assert (site / "published" / "imdb" / "report" / "index.html").exists()
    for figure in re.findall(r'src="\.\./(published/[^"]+\.svg)"', page):
        assert (site / figure).is_file()


def test_the_api_reference_has_the_docstrings(site):
    page = (site / "reference" / "api" / "index.html").read_text(encoding="utf-8")
    for name in ("load_model", "FitReport", "sample_weight"):
        assert name in page


def test_a_dead_link_fails_the_build(tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "index.md").write_text("[a page that does not exist](../RESULTS.md)\n")
    (tmp_path / "mkdocs.yml").write_text("site_name: test\nuse_directory_urls: true\n")
    built = build(docs, tmp_path / "site")
    assert built.returncode != 0
    assert "RESULTS.md" in built.stderr


def test_every_page_is_in_the_navigation():
    configuration = yaml.load((CHECKOUT / "mkdocs.yml").read_text(), Loader=yaml.BaseLoader)
    listed = set(re.findall(r"[\w/-]+\.md", str(configuration["nav"])))
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    assert pages <= listed
