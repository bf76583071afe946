"""`compare`: two runs, cell against cell."""

import re
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.commands.exit_status import ExitStatus
from benchmarks.errors import UsageError, complain

LIMIT = re.compile(r"(accuracy):(\d+(?:\.\d+)?)pp|(throughput):(\d+(?:\.\d+)?)%")


class MatchChoice(StrEnum):
    """Values of --match."""

    MODEL = "model"
    EXACT = "exact"


def compare(
    base: Annotated[Path, typer.Argument(metavar="BASE", help="Results folder to compare with.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Results folder to judge.")],
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            metavar="accuracy:POINTSpp|throughput:PERCENT%",
            help="Exit 1 if NEW loses more than this, beyond noise; repeatable.",
        ),
    ] = None,
    match: Annotated[
        MatchChoice,
        typer.Option(
            help="Match configurations by model, loss and training size, where each run has one such, or only with the "
            "same parameters and device."
        ),
    ] = MatchChoice.MODEL,
    wide: Annotated[bool, typer.Option("--wide", help="Print every column; the table is wider than 80 characters.")] = (
        False
    ),
) -> int:
    """Compare two runs cell by cell.

    The output is Markdown for a pull request, and names parameters, code and libraries that differ. The exit status is
    1 if the two runs cannot be compared, a cell of NEW failed or an audit raises a new alarm and, with --fail-on, if
    NEW loses more than a limit or lacks a cell of BASE.

    Examples: `python -m benchmarks compare results/main results/branch` ·
    `python -m benchmarks compare results/main results/branch --fail-on accuracy:0.5pp --fail-on throughput:10%`
    """
    from benchmarks.store.results import Store, StoreError
    from reports.analysis.run_comparison import compare_runs
    from reports.render.compare import Limits, problems, render

    limits = Limits(**_parse_limits(fail_on))
    for folder in (base, new):
        Store(folder).read_run()  # a folder without a run is wrong usage; runs that do not compare fail the check
    try:
        comparison = compare_runs(base, new, match.value)
    except StoreError as error:
        complain(f"nothing was compared: {error}")
        return ExitStatus.CHECK_FAILED
    print(render(comparison, limits, wide=wide), end="")
    return ExitStatus.CHECK_FAILED if problems(comparison, limits) else ExitStatus.OK


def _parse_limits(texts: Sequence[str] | None) -> dict[str, float]:
    """Parse "accuracy:0.5pp" and "throughput:10%" into shares: 0.005 and 0.1."""
    limits = {}
    for text in texts or ():
        found = LIMIT.fullmatch(text)
        if not found:
            raise UsageError(f"--fail-on {text!r} is not a limit (choices: accuracy:POINTSpp, throughput:PERCENT%)")
        quantity, size = filter(None, found.groups())
        limits[quantity] = float(size) / 100
    return limits
