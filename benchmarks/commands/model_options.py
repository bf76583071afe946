"""Options that choose a trained model."""

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.commands.options import Plugins, add_plugins
from benchmarks.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.inference.saved import Found
    from benchmarks.schema.cell import CellSpec

log = logging.getLogger(__package__)


@dataclass(frozen=True)
class ModelOptions:
    """A saved model, and where its class comes from."""

    model: Annotated[Path, typer.Argument(metavar="RUN_OR_MODEL", help="Results folder, cell folder or saved model.")]
    cell: Annotated[
        str,
        typer.Option(metavar="GLOB", help="Choose among the cells of a run whose id matches, such as 'lstm-*'."),
    ] = "*"
    plugin: Plugins = None
    trust_plugins: Annotated[
        bool,
        typer.Option("--trust-plugins", help="Run the copy of the model's plug-in that the results folder keeps."),
    ] = False

    def find(self, usable: "Callable[[CellSpec], bool] | None" = None, purpose: str = "") -> "Found":
        """Find the model, register its class, and say on stderr which model it is.

        Args:
            usable: condition on the cell of a run, see `benchmarks.inference.selection.best_cell`.
            purpose: what such a cell can do, for messages.

        Raises:
            UsageError: the model does not exist, or its class is not registered.
        """
        add_plugins(self.plugin)
        if sys.stderr.isatty():
            log.info("Loading ...")

        from benchmarks.inference.saved import find_model

        found = find_model(self.model, self.cell, usable, purpose)
        for name, copy in found.plugin_copies.items():
            if not self.trust_plugins and not _asked(copy, name):
                raise UsageError(
                    f"a plug-in defines model {name!r}: name its file with --plugin, or run the copy "
                    f"{str(copy)!r} with --trust-plugins"
                )
        found.trust_plugins()
        log.info("%s (%s)", found.folder, found.reason)
        return found


def _asked(path: Path, name: str) -> bool:
    """Ask at a terminal whether to run the code of a plug-in; elsewhere the answer is no."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    return typer.confirm(f"Run the code of {path}, which defines the model {name!r}?", default=False, err=True)
