"""Version, changelog, workflows, make targets and contributing guide agree with each other and with the code."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest
import yaml

from benchmarks import __version__
from benchmarks.hardware.origin import CHECKOUT, PACKAGES

PYPROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
GITHUB = CHECKOUT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
MAKEFILE = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
CONTRIBUTING = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
RELEASES = re.findall(
    r"^## \[(.+?)\](?: - (\S+))?$", (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
)
SECTIONS = {"**Breaking**", "Added", "Changed", "Deprecated", "Fixed", "Removed", "Security"}
SCHEMAS = {
    "github-workflows": [".github/workflows/*.yml"],
    "github-issue-forms": [".github/ISSUE_TEMPLATE/[!c]*.yml"],
    "github-issue-config": [".github/ISSUE_TEMPLATE/config.yml"],
    "dependabot": [".github/dependabot.yml"],
    "citation-file-format": ["CITATION.cff"],
    "compose-spec": ["compose.yaml"],
}


def tool(name: str) -> Path:
    """Path of a program that the extra `dev` installs."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        pytest.skip(f"{name} is not installed (extra dev)")
    return path


def findings(*command: str | Path) -> str:
    """What a linter prints if it finds anything."""
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=120)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


# The version


def test_code_citation_and_changelog_name_the_same_version():
    citation = yaml.safe_load((CHECKOUT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == __version__
    assert RELEASES[1] == (__version__, citation["date-released"].isoformat())


def test_the_package_takes_its_version_from_the_code():
    assert "version" not in PYPROJECT["project"]
    assert PYPROJECT["project"]["dynamic"] == ["version"]
    assert PYPROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "benchmarks.__version__"}


def test_the_changelog_is_kept_in_order():
    names = [name for name, _ in RELEASES]
    versions = [tuple(map(int, name.split("."))) for name in names[1:]]
    dates = [date.fromisoformat(day) for _, day in RELEASES[1:]]
    assert names[0] == "Unreleased"
    assert versions == sorted(versions, reverse=True)
    assert dates == sorted(dates, reverse=True)
    headings = re.findall(r"^### (.+)$", (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(headings) <= SECTIONS


# The package


def test_an_index_refuses_the_package():
    """It is run from a checkout: its top-level names would shadow those of its users."""
    assert "Private :: Do Not Upload" in PYPROJECT["project"]["classifiers"]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_typed_and_every_folder_of_it_is_a_package(package):
    root = CHECKOUT / package
    assert (root / "py.typed").exists()
    assert f"{package}*" in PYPROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
    folders = {path.parent for path in root.rglob("*.py") if path.parent.name != "templates"}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_of_a_package_belongs_to_it_when_installed(package):
    data = PYPROJECT["tool"]["setuptools"]["package-data"]
    root = CHECKOUT / package
    globs = [*data["*"], *data.get(package, [])]
    included = {path for pattern in globs for path in root.glob(pattern)}
    others = {path for path in root.rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"}}
    assert others - included == set()


# The workflows


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_configuration_fits_its_schema(schema):
    files = [path for pattern in SCHEMAS[schema] for path in CHECKOUT.glob(pattern)]
    assert files
    assert findings(tool("check-jsonschema"), "--builtin-schema", f"vendor.{schema}", *files) == ""


def test_zizmor_finds_nothing_insecure():
    assert findings(tool("zizmor"), "--offline", "--no-progress", "--quiet", GITHUB) == ""


def test_actionlint_finds_nothing():
    """It is no development dependency: its package on PyPI downloads the program from GitHub."""
    actionlint = shutil.which("actionlint")
    if actionlint is None:
        pytest.skip("actionlint is not installed")
    assert findings(actionlint, *WORKFLOWS) == ""


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_reads_only_ends_and_holds_no_secret(path):
    text = path.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    assert "group" in workflow["concurrency"]
    assert "secrets" not in text
    for job in workflow["jobs"].values():
        assert "uses" in job or "timeout-minutes" in job
    for action in re.findall(r"uses: (\S+)", text):
        assert action.startswith("./.github/") or re.fullmatch(r"actions/[\w-]+@v\d+", action)


def test_no_two_workflows_cancel_each_other():
    groups = [yaml.safe_load(path.read_text(encoding="utf-8"))["concurrency"]["group"] for path in WORKFLOWS]
    assert len(set(groups)) == len(groups)


def test_the_tests_run_on_every_python_that_is_claimed():
    jobs = yaml.safe_load((GITHUB / "workflows" / "tests.yml").read_text(encoding="utf-8"))["jobs"]
    tested = jobs["tests"]["strategy"]["matrix"]["python"]
    prefix = "Programming Language :: Python :: "
    claimed = [text.removeprefix(prefix) for text in PYPROJECT["project"]["classifiers"] if text.startswith(prefix)]
    assert tested == claimed
    assert PYPROJECT["project"]["requires-python"] == f">={tested[0]}"


def test_the_lowest_dependencies_are_tested_on_the_lowest_python():
    jobs = yaml.safe_load((GITHUB / "workflows" / "dependencies.yml").read_text(encoding="utf-8"))["jobs"]
    bounds = {row["bound"]: row for row in jobs["tests"]["strategy"]["matrix"]["include"]}
    assert f">={bounds['lowest']['python']}" == PYPROJECT["project"]["requires-python"]


def test_every_dependency_has_a_lower_bound():
    extras = PYPROJECT["project"]["optional-dependencies"].values()
    unbounded = [
        text
        for text in [*PYPROJECT["project"]["dependencies"], *(text for extra in extras for text in extra)]
        if ">=" not in text and "==" not in text
    ]
    assert unbounded == []


# The commands


def test_every_target_says_what_it_does():
    listed = subprocess.run(["make", "help"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^make (\S+) +\S", listed, re.MULTILINE)) == make_targets()
    phony = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == make_targets()


@pytest.mark.parametrize(
    "path", [*WORKFLOWS, CHECKOUT / "CONTRIBUTING.md", CHECKOUT / ".ci" / "run"], ids=lambda p: p.name
)
def test_the_targets_that_are_called_exist(path):
    lines = re.findall(r"(?:run: |`|^\$ |^)make ([a-z -]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert {word for line in lines for word in line.split()} <= make_targets()


def test_the_tests_of_make_test_fast_exist():
    paths = re.search(r"^FAST := ((?:.*\\\n)*.*)$", MAKEFILE, re.MULTILINE)
    assert paths is not None
    named = paths[1].replace("\\\n", " ").split()
    assert "tests/benchmarks/store" in named
    assert [path for path in named if not (CHECKOUT / path).exists()] == []


def test_the_tests_that_contributing_names_exist():
    named = re.findall(r"-m pytest (tests/\S+\.py)(?:::(\w+))?", CONTRIBUTING)
    assert len(named) == 2
    for file, function in named:
        tree = ast.parse((CHECKOUT / file).read_text(encoding="utf-8"))
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert not function or function in names


def test_pre_commit_runs_the_installed_tools():
    """The versions are those of constraints.txt, as in `make lint`."""
    hooks = yaml.safe_load((CHECKOUT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]
    entries = [hook["entry"].split()[0] for hook in hooks[0]["hooks"]]
    tools = {Path(entry).name for entry in entries}
    pinned = (CHECKOUT / "constraints.txt").read_text(encoding="utf-8")
    assert {"ruff", "codespell", "mypy"} <= tools
    assert all(entry.startswith(".venv/bin/") for entry in entries)
    assert [name for name in tools if not re.search(rf"^{name}(-bin)?==", pinned, re.MULTILINE)] == []


def test_dev_tools_are_pinned():
    pinned = {line.partition("==")[0].lower() for line in (CHECKOUT / "constraints.txt").read_text().splitlines()}
    wanted = [re.split(r"[\[><=]", text)[0].lower() for text in PYPROJECT["project"]["optional-dependencies"]["dev"]]
    assert [name for name in wanted if name not in pinned] == []
