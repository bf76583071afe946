"""`list`: what can be run."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.commands import exit_codes
from benchmarks.commands.options import Plugins, add_plugins
from benchmarks.config.suite import read_suite, suite_names
from benchmarks.errors import unknown
from benchmarks.registry.entries import OFF_BY_DEFAULT, Kind, entries


def list_(
    what: Annotated[str, typer.Argument(metavar="[models|losses|datasets|suites]")] = "all",
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    plugin: Plugins = None,
) -> int:
    """What can be run: models, losses, datasets and suites.

    Examples: `python -m benchmarks list` · `python -m benchmarks list models --json`
    """
    add_plugins(plugin)
    listing = _listing()
    if what != "all" and what not in listing:
        raise unknown("list", what, listing)
    listing = listing if what == "all" else {what: listing[what]}
    if as_json:
        print(json.dumps(listing, indent=2))
        return exit_codes.OK
    console = Console()
    for kind, rows in listing.items():
        table = Table(title=kind, title_justify="left", box=None, pad_edge=False)
        for column in ("name", "what it is", "parameters"):
            table.add_column(column, overflow="fold")
        for row in rows:
            parameters = ", ".join(f"{name}={value}" for name, value in row.get("parameters", {}).items())
            table.add_row(*map(Text, (row["name"], row["summary"], parameters)))
        console.print(table, "")
    return exit_codes.OK


def _listing() -> dict[str, list[dict[str, Any]]]:
    kinds: tuple[Kind, ...] = ("models", "losses", "datasets")
    listing: dict[str, list[dict[str, Any]]] = {
        kind: [
            {
                "name": entry.name,
                "summary": entry.summary + (" (off by default)" if entry.name in OFF_BY_DEFAULT else ""),
                "parameters": {name: parameter.default for name, parameter in entry.parameters.items()},
            }
            for entry in entries(kind)
        ]
        for kind in kinds
    }
    listing["suites"] = [{"name": name, "summary": read_suite(name).description} for name in suite_names()]
    return listing
