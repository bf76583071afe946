"""A run, once it has been prepared: its data and plug-ins are kept, its cells run, its record is written."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from rich.console import Console

from benchmarks.config.suite import Tuning
from benchmarks.executors.executor import Executor
from benchmarks.inference.engines.engine import engine_names
from benchmarks.registry.plugins import plugins
from benchmarks.runs.cascades import run_cascades
from benchmarks.runs.ceilings import Measuring, as_json, best, kept_ceilings, measured_ceilings
from benchmarks.runs.description import describe, describe_before_tuning
from benchmarks.runs.display import Display
from benchmarks.runs.engines import measure_engines
from benchmarks.runs.event_log import EventLog
from benchmarks.runs.preparation import Run, prepare_run
from benchmarks.runs.sweep import Observer, Outcomes, sweep
from benchmarks.runs.tuning import tune
from benchmarks.store.files import DamagedError
from benchmarks.store.lock import hold
from benchmarks.store.results import Stores

__all__ = ["Run", "execute", "prepare_run", "stores_of", "tune_all"]


def execute(
    runs: Sequence[Run],
    executor: Executor,
    console: Console,
    *,
    measure: Measuring | None = None,
    fresh: bool = False,
    retries: int = 0,
    events: TextIO | None = None,
    finished: Callable[[Path, int], None] = lambda folder, done: None,
) -> Outcomes:
    """Run the cells of all runs that have no good result yet, or all of them if `fresh`, as one sweep.

    Args:
        runs: the prepared runs, each of other data and with a folder of its own.
        executor: runs the cells of all of them; its store is `stores_of` the runs, or the one run's own.
        console: shows what happens.
        measure: measures the ceilings of the cells' devices, before the cells and after them; None: nobody does.
        fresh: whether good results are removed first.
        retries: times that a crashed cell is run again.
        events: where events are written, as a line of JSON each, in place of the console.
        finished: called after each cell that ran, with its results folder and the number of cells that ended there.

    Returns:
        How the cells ended; where the user asked for an end, nothing but cells was run.

    Raises:
        UsageError: another run is writing into a folder.
        KeyboardInterrupt: the user wants an end now; finished cells are in the stores.
        StoreError: a store holds results of another version, or can no longer be written to.
    """
    specs = [spec for run in runs for spec in run.specs]
    for run in runs:
        run.store.create()
    shown: Display | EventLog = Display(console, specs) if events is None else EventLog(events, specs)
    with ExitStack() as stack:
        held = [stack.enter_context(hold(run.store.folder)) for run in runs]
        stack.enter_context(shown)
        for run in runs:
            _begin(run, shown, fresh=fresh)
        kept = [kept_ceilings(run) for run in runs]
        unfinished = [spec for run, own in zip(runs, kept, strict=True) if own is None for spec in run.specs]
        before = measured_ceilings(unfinished, shown, measure)
        descriptions = [describe(run, shown) for run in runs]
        for run, description, own in zip(runs, descriptions, kept, strict=True):
            run.store.write_run(description | as_json(before if own is None else own))
        outcomes = sweep(
            specs, stores_of(runs), executor, shown, retries=retries, is_held=_all_of(held), finished=finished
        )
        if outcomes.stopped:
            return outcomes
        if unfinished:
            after = best(before, measured_ceilings(unfinished, shown, measure))
            for run, description, own in zip(runs, descriptions, kept, strict=True):
                if own is None:
                    run.store.write_run(description | as_json(after))
        for run in runs:
            if run.suite.cascades:
                most = run.suite.cascade_stages
                run_cascades(run.store, executor, shown, stages=most, fresh=fresh, is_held=_all_of(held))
            measure_engines(run.specs, engine_names(run.suite.measure.engines), run.store, shown)
        return outcomes


def tune_all(
    runs: Sequence[Run], budget: Tuning, executor: Executor, console: Console, *, fresh: bool = False
) -> list[Run]:
    """Return the runs with tuned settings, see `tune`; the trials are in the runs' folders.

    Raises:
        UsageError: another run is writing into a folder.
        KeyboardInterrupt: the user wants an end; finished trials are in the stores.
        StoreError: a store can no longer be written to.
    """
    for run in runs:
        run.store.create()
    with ExitStack() as stack:
        for run in runs:
            stack.enter_context(hold(run.store.folder))
        observer = stack.enter_context(Display(console, []))
        for run in runs:
            _begin(run, observer, fresh=False)
            run.store.write_run(describe_before_tuning(run, observer))
        return tune(runs, budget, executor, observer.say, fresh=fresh)


def stores_of(runs: Sequence[Run]) -> Stores:
    """Return the folders of the runs, by the fingerprint of their data."""
    return Stores({run.dataset.fingerprint: run.store for run in runs})


def _all_of(held: Sequence[Callable[[], bool]]) -> Callable[[], bool]:
    return lambda: all(is_held() for is_held in held)


def _begin(run: Run, observer: Observer, *, fresh: bool) -> None:
    """Write the data and plug-ins that cells read, and remove leftovers of earlier runs."""
    run.store.clear_temporary()
    run.store.write_command(run.command)
    _keep_data(run, observer)
    for plugin in plugins().values():
        run.store.write_plugin(plugin.sha256, plugin.source)
    if fresh:
        for spec in run.specs:
            run.store.remove_cell(spec.id)


def _keep_data(run: Run, observer: Observer) -> None:
    """Write the prepared splits, unless they are in the folder and whole."""
    try:
        kept = run.store.has_data(run.dataset.fingerprint)
    except DamagedError as error:
        observer.say(f"{error}; {run.store.set_aside(error.path)}; it is written again")
        kept = False
    if not kept:
        run.store.write_data(run.dataset)
