"""`list`: models, losses, datasets and suites."""

import json
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from benchmarks.commands.exit_status import ExitStatus
from benchmarks.commands.options import Plugins, add_plugins
from benchmarks.commands.printing import PipeConsole
from benchmarks.config.suite import read_suite, suite_names
from benchmarks.errors import unknown
from benchmarks.registry.entries import OFF_BY_DEFAULT, Kind, entries


def list_(
    kind: Annotated[
        str, typer.Argument(metavar="models|losses|datasets|suites", help="List only these. Default: all kinds.")
    ] = "all",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    plugin: Plugins = None,
) -> int:
    """List models, losses, datasets and suites.

    Examples: `python -m benchmarks list` · `python -m benchmarks list models --json`
    """
    add_plugins(plugin)
    listing = _listing()
    if kind != "all" and kind not in listing:
        raise unknown("list", kind, listing)
    listing = listing if kind == "all" else {kind: listing[kind]}
    if as_json:
        print(json.dumps(listing, indent=2))
        return ExitStatus.OK
    console = PipeConsole()
    for title, rows in listing.items():
        table = Table(title=title, title_justify="left", box=None, pad_edge=False)
        for column in ("name", "description", "parameters"):
            table.add_column(column, overflow="fold")
        for row in rows:
            parameters = ", ".join(f"{name}={value}" for name, value in row.get("parameters", {}).items())
            table.add_row(*map(Text, (row["name"], row["summary"], parameters)))
        console.print(table, "")
    return ExitStatus.OK


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
