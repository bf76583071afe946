"""A run on the terminal before and after its cells: its data, its plan, and how to continue it."""

import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console

from benchmarks.commands.exit_status import ExitStatus
from benchmarks.commands.printing import print_line, print_wrapped
from benchmarks.errors import complain
from benchmarks.redaction import plain

if TYPE_CHECKING:
    from benchmarks.config.suite import Tuning
    from benchmarks.runs.run import Run
    from benchmarks.store.files import StoreError


def interrupted(command: Sequence[str]) -> int:
    """Say how to continue an interrupted run."""
    again = shlex.join(word for word in command if word != "--fresh")
    print(f"interrupted; finished cells are kept. To continue: {again}", file=sys.stderr)
    return ExitStatus.INTERRUPTED


def stopped_by_store(error: "StoreError") -> int:
    """Say why results cannot be written any more, and where the same command would start."""
    from benchmarks.store.files import GoneError

    if isinstance(error, GoneError):
        complain(f"{error}; its finished cells went with it, and the same command starts from the beginning")
    else:
        complain(f"{error}; finished cells are kept, and the same command continues from there")
    return ExitStatus.INCOMPLETE


def print_run_data(prepared: "Run", console: Console) -> None:
    """Print the data of a run."""
    from benchmarks.commands.data_view import print_data

    print_data(console, prepared.dataset)


def print_left_out(prepared: "Run", console: Console) -> None:
    """Name the models that do not run with a loss."""
    for loss in dict.fromkeys(loss for _, loss in prepared.left_out):
        models = ", ".join(model for model, left in prepared.left_out if left == loss)
        print_wrapped(console, f"left out: {loss} with {models} (no sample weights express this loss)")


def print_run_plan(prepared: "Run", console: Console, *, whole: bool) -> None:
    """Print the plan with the differences that it can detect, or only its size and time."""
    from benchmarks.commands.plan_view import PlanState, detectable, print_plan, print_totals
    from benchmarks.hardware.processor import processor
    from benchmarks.runs.estimate import earlier_results, finished, seconds_of

    results = earlier_results(prepared.store.folder, processor())
    state = PlanState(finished(prepared.specs, prepared.store), seconds_of(prepared.specs, results))
    if prepared.suite.tuning:
        print_wrapped(console, _tuning_line(prepared.suite.tuning))
    if not whole:
        print_totals(console, prepared.specs, state)
        return
    runtime = prepared.runtime
    title = f"{prepared.suite.name} on {prepared.dataset.name}, {runtime.device}, {runtime.precision}"
    print_plan(console, title, prepared.specs, state)
    print_wrapped(console, detectable(prepared.specs, prepared.dataset, prepared.store.folder))
    print_line(console, f"results folder: {prepared.store.folder}")


def _tuning_line(tuning: "Tuning") -> str:
    """State the budget of tuning."""
    budget = f"{tuning.trials:,} trials" if tuning.trials is not None else f"{tuning.seconds:,g} s of training"
    return f"tuning: {budget} of each configuration ({tuning.sampler} search) before its cells, not in the times below"


def warn_of_other_data(prepared: "Run", console: Console) -> None:
    """Say that a folder's report will be replaced by one on other data."""
    from benchmarks.store.files import StoreError

    try:
        before = prepared.store.read_run()["dataset"]
    except StoreError:  # no earlier run, or a damaged one, which `execute` reports
        return
    if before.get("fingerprint") != prepared.dataset.fingerprint:
        folder, name = prepared.store.folder, plain(before.get("name", "?"))
        line = (
            f"note: {folder} holds results on other data ({name}); its report will be replaced by one on "
            f"{prepared.dataset.name}. To keep it, name another folder with --out."
        )
        print_wrapped(console, line, style="yellow")
