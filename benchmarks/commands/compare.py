"""`compare`: two runs, cell against cell."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.commands import exit_codes
from benchmarks.errors import UsageError

LIMIT = re.compile(r"(accuracy):(\d+(?:\.\d+)?)pp|(throughput):(\d+(?:\.\d+)?)%")


def compare(
    base: Annotated[Path, typer.Argument(metavar="BASE", help="A results folder.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Another one, of the same data.")],
    fail_on: Annotated[
        list[str] | None,
        typer.Option(metavar="accuracy:POINTSpp|throughput:PERCENT%", help="Exit 1 at such a loss, beyond noise."),
    ] = None,
) -> int:
    """Compare two runs, cell against cell; Markdown for a pull request.

    Examples: `python -m benchmarks compare results/main results/branch` ·
    `python -m benchmarks compare results/main results/branch --fail-on accuracy:0.5pp --fail-on throughput:10%`
    """
    from benchmarks.store.results import StoreError
    from reports.render.compare import Limits, compare_runs, render

    limits = Limits(**_limits(fail_on))
    try:
        comparison = compare_runs(base, new)
    except StoreError as error:
        raise UsageError(str(error)) from None
    print(render(comparison, limits), end="")
    return exit_codes.WORSE if comparison.losses(limits) else exit_codes.OK


def _limits(texts: Sequence[str] | None) -> dict[str, float]:
    """ "accuracy:0.5pp" is half a point, "throughput:10%" a tenth of the rate: both as shares."""
    limits = {}
    for text in texts or ():
        found = LIMIT.fullmatch(text)
        if not found:
            raise UsageError(f"--fail-on {text!r} is no limit (choices: accuracy:POINTSpp, throughput:PERCENT%)")
        what, size = filter(None, found.groups())
        limits[what] = float(size) / 100
    return limits
