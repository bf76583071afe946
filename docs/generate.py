"""Write docs/reference/ from the code: `python docs/generate.py`. A test compares what is there with what it yields."""

import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypeGuard, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from typer.cli import get_docs_for_click
from typer.main import get_command
from typer.models import Context

from benchmarks.cli import app
from benchmarks.config.suite import SUITES, Suite, suite_names
from benchmarks.registry.entries import SINGULAR, Entry, Kind, entries

REFERENCE = Path(__file__).parent / "reference"
PROGRAM = "python -m benchmarks"
NOTE = "<!-- Written by docs/generate.py from the code; do not edit. -->\n\n"
FILLED_IN: Mapping[tuple[type[BaseModel], str], str] = {(Suite, "name"): "the file's name"}
"""Key of a suite file -> what stands for it where the file lacks it, though the schema requires it."""


def pages() -> Mapping[str, str]:
    """File name -> content of every generated page."""
    return {"commands.md": NOTE + commands(), "suite-files.md": NOTE + suite_files(), "registry.md": NOTE + registry()}


def commands() -> str:
    """Every command with its options, as typer documents them."""
    command = get_command(app)
    context = Context(command, help_option_names=["-h", "--help"])
    page = get_docs_for_click(obj=command, ctx=context, name=PROGRAM, title="Commands")
    return page.replace("```console\n$ ", "```sh\n").strip() + "\n"  # no prompt, so that a copied block runs


def suite_files() -> str:
    """Every key of a suite file, and the suites there are."""
    parts = [
        "# Suite files",
        "A suite is a TOML file; its name is the file's. `--suite my.toml` runs your own. An unknown key is an error.",
        *(f"## {title}\n\n{_keys(model)}" for title, model in _sections(Suite)),
        "## The suites that come with this project",
        *(f"### {name}\n\n```toml\n{(SUITES / f'{name}.toml').read_text().strip()}\n```" for name in suite_names()),
    ]
    return "\n\n".join(parts) + "\n"


def registry() -> str:
    """Every registered name with its parameters."""
    kinds: tuple[Kind, ...] = ("models", "losses", "datasets")
    parts = ["# Models, losses, datasets", f"`{PROGRAM} list` prints the same. `--set NAME.PARAMETER=VALUE` sets one."]
    for kind in kinds:
        parts.append(f"## {kind.capitalize()}")
        parts += [_entry(entry) for entry in entries(kind)]
    return "\n\n".join(parts) + "\n"


def _sections(model: type[BaseModel], title: str = "Top level") -> list[tuple[str, type[BaseModel]]]:
    """The model and those that it holds, with the headings of their TOML tables."""
    found = [(title, model)]
    for name, field in model.model_fields.items():
        inner = next((t for t in (field.annotation, *get_args(field.annotation)) if _is_section(t)), None)
        if inner is not None:
            several = get_origin(field.annotation) in {list, tuple}
            found += _sections(inner, f"`[[{name}]]`" if several else f"`[{name}]`")
    return found


def _is_section(annotation: object) -> TypeGuard[type[BaseModel]]:
    return inspect.isclass(annotation) and issubclass(annotation, BaseModel)


def _keys(model: type[BaseModel]) -> str:
    meanings = _meanings(model)
    rows = ["| key | default | meaning |", "| --- | --- | --- |"]
    for name, field in model.model_fields.items():
        if any(_is_section(t) for t in (field.annotation, *get_args(field.annotation))):
            continue
        missing = FILLED_IN.get((model, name), "required")
        default = missing if field.default is PydanticUndefined else f"`{field.default!r}`"
        rows.append(f"| `{name}` | {default} | {meanings.get(name, '')} |")
    return "\n".join(rows)


def _meanings(model: type[BaseModel]) -> dict[str, str]:
    """Field -> its description in the docstring's section on attributes; one entry may describe several fields."""
    about = inspect.cleandoc(model.__doc__ or "").partition("Attributes:\n")[2]
    entries = re.findall(r"^([\w, ]+): (.*(?:\n[ ]+.*)*)", inspect.cleandoc(about), re.MULTILINE)
    texts = {names: " ".join(text.split()).replace("|", "\\|") for names, text in entries}
    return {name: f"{text[:1].upper()}{text[1:]}" for names, text in texts.items() for name in names.split(", ")}


def _entry(entry: Entry) -> str:
    lines = [f"### `{entry.name}`", entry.summary, f"A {SINGULAR[entry.kind]} in `{entry.target.partition(':')[0]}`."]
    if entry.parameters:
        rows = ["| parameter | type | default |", "| --- | --- | --- |"]
        for parameter in entry.parameters.values():
            annotation = parameter.annotation.replace("|", "or")
            rows.append(f"| `{parameter.name}` | {annotation} | `{parameter.default!r}` |")
        lines.append("\n".join(rows))
    return "\n\n".join(lines)


if __name__ == "__main__":
    REFERENCE.mkdir(exist_ok=True)
    for file, content in pages().items():
        (REFERENCE / file).write_text(content, encoding="utf-8")
