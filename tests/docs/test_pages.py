"""Links between pages lead somewhere, commands exist with the options shown, and tables follow from their formulas."""

import math
import re
import shlex

import pytest
from markdown_pages import PAGES, blocks, prose, rows, slug, undescribed_columns
from scipy.stats import norm
from typer.main import get_command

from benchmarks.cli import app
from benchmarks.hardware.origin import CHECKOUT, PACKAGES
from benchmarks.registry.entries import entries
from reports.analysis.estimates import ALPHA
from reports.analysis.planning import mcnemar_detectable

DOCS = CHECKOUT / "docs"

OURS = [path for path in PAGES if path.name == "README.md" or DOCS in path.parents]
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")


def name(path):
    return path.relative_to(CHECKOUT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page):
    for link in LINK.finditer(prose(page)):
        target = (page.parent / link["path"]).resolve() if link["path"] else page
        assert target.exists(), link[0]
        if link["anchor"] and target.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert link["anchor"] in map(slug, headings), link[0]


def commands(page):
    """Every call of the program in a page's shell blocks, as words."""
    for block in blocks(page, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            for call in re.findall(r"python -m benchmarks ([^|>]*)", line):
                yield shlex.split(call, comments=True)


WITH_COMMANDS = [page for page in PAGES if page.name != "commands.md" and any(commands(page))]


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=name)
def test_commands_exist_with_the_options_shown(page):
    known = get_command(app).commands
    for command, *words in commands(page):
        assert command in known, command
        options = {
            option for parameter in known[command].params for option in (*parameter.opts, *parameter.secondary_opts)
        }
        shown = {word.partition("=")[0] for word in words if word.startswith("--") and word != "--"}
        assert shown <= options, (command, shown - options)


@pytest.mark.parametrize("page", OURS, ids=name)
def test_a_copied_block_runs_as_it_is(page):
    """No prompts in shell blocks: the copy button takes them along."""
    for block in [*blocks(page, "sh"), *blocks(page, "console"), *blocks(page, "bash")]:
        assert not re.search(r"^\$ ", block, re.MULTILINE), block


def test_the_table_of_test_sizes_follows_from_its_formula():
    for size, *figures in rows(DOCS / "how-to" / "choose-a-test-size.md", "The differences that a test set can show"):
        n = int(size.replace(",", ""))
        expected = [100 * mcnemar_detectable(share, n, ALPHA) for share in (0.05, 0.1, 0.2)]
        expected.append(100 * norm.ppf(0.975) * math.sqrt(0.9 * 0.1 / n))
        shown = [float(re.search(r"[\d.]+", figure)[0]) for figure in figures]
        assert shown == [round(value, 1) for value in expected]


def test_every_column_of_published_cells_is_described():
    assert undescribed_columns(CHECKOUT / "published" / "quick" / "cells.csv") == []


PACKAGE = re.compile(r"^( *)([\w/]+)/ ")


def folders_of_the_tree():
    """Folder of the architecture page's tree -> names of the files that stand under it."""
    found, path = {}, []
    for line in blocks(DOCS / "explanation" / "architecture.md", "text")[1].splitlines():
        if match := PACKAGE.match(line):
            path = [*path[: len(match[1]) // 2], match[2]]
            found["/".join(path)] = set()
        else:
            path = path[: (len(line) - len(line.lstrip())) // 2]
            found["/".join(path)] |= set(re.findall(r"\b\w+\.py\b", line))
    return found


def test_the_tree_of_the_architecture_page_is_that_of_the_packages():
    packages = {path.parent for top in PACKAGES for path in (CHECKOUT / top).rglob("__init__.py")}
    names = {path.relative_to(CHECKOUT).as_posix() for path in packages}
    shown = {folder for folder in folders_of_the_tree() if folder.partition("/")[0] in PACKAGES}
    assert shown == names


@pytest.mark.parametrize("top", ["benchmarks", "models", "reports"])
def test_the_tree_of_the_architecture_page_has_the_files_at_the_top_of(top):
    files = {path.name for path in (CHECKOUT / top).glob("*.py")} - {"__init__.py", "__main__.py"}
    if top == "models":  # "one file per model"
        files -= {f"{entry.target.partition(':')[0].partition('.')[2]}.py" for entry in entries("models")}
    assert folders_of_the_tree()[top] == files


def test_files_that_the_pages_of_architecture_and_metrics_name_exist():
    for page in ("explanation/architecture.md", "how-to/add-a-metric.md", "reference/audits.md"):
        for path in re.findall(
            r"`((?:benchmarks|models|losses|data|reports|tests|docs)/[\w/.]+)`", (DOCS / page).read_text()
        ):
            assert (CHECKOUT / path).exists(), path
