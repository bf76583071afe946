"""A run, once it has been prepared: its data and plug-ins are kept, its cells run, its record is written."""

from collections import Counter
from typing import TextIO

from rich.console import Console

from benchmarks.executors.executor import Executor
from benchmarks.registry.plugins import plugins
from benchmarks.runs.ceilings import Measuring, as_json, best, kept_ceilings, measured_ceilings
from benchmarks.runs.description import describe
from benchmarks.runs.display import Display
from benchmarks.runs.event_log import EventLog
from benchmarks.runs.preparation import Run, prepare_run
from benchmarks.runs.sweep import Observer, sweep
from benchmarks.schema.result import Status
from benchmarks.store.files import DamagedError
from benchmarks.store.lock import hold

__all__ = ["Run", "execute", "prepare_run"]


def execute(
    run: Run,
    executor: Executor,
    console: Console,
    *,
    measure: Measuring | None = None,
    fresh: bool = False,
    retries: int = 0,
    events: TextIO | None = None,
) -> Counter[Status]:
    """Run the cells that have no good result yet, or all of them if `fresh`.

    Args:
        run: the prepared run.
        executor: runs its cells.
        console: shows what happens.
        measure: measures the ceilings of the cells' devices, before the cells and after them; None: nobody does.
        fresh: whether good results are removed first.
        retries: times that a crashed cell is run again.
        events: where events are written, as a line of JSON each, in place of the console.

    Returns:
        The number of cells by status: all of them, or fewer if the user asked for an end.

    Raises:
        UsageError: another run is writing into the folder.
        KeyboardInterrupt: the user wants an end now; finished cells are in the store.
        StoreError: the store holds results of another version, or can no longer be written to.
    """
    store = run.store
    store.create()
    shown = Display(console, run.specs) if events is None else EventLog(events, run.specs)
    with hold(store.folder) as is_held, shown as observer:
        store.clear_temporary()
        _keep_data(run, observer)
        for plugin in plugins().values():
            store.write_plugin(plugin.sha256, plugin.source)
        if fresh:
            for spec in run.specs:
                store.remove_cell(spec.id)
        kept = kept_ceilings(run)
        ceilings = measured_ceilings(run, observer, measure) if kept is None else kept
        description = describe(run, observer)
        store.write_run(description | as_json(ceilings))
        outcomes = sweep(run.specs, store, executor, observer, retries=retries, is_held=is_held)
        if kept is None and outcomes.total() == len(run.specs):  # the user did not ask for an end
            after = measured_ceilings(run, observer, measure)
            store.write_run(description | as_json(best(ceilings, after)))
        return outcomes


def _keep_data(run: Run, observer: Observer) -> None:
    """Write the prepared splits, unless they are in the folder and whole."""
    try:
        kept = run.store.has_data(run.dataset.fingerprint)
    except DamagedError as error:
        observer.say(f"{error}; {run.store.set_aside(error.path)}; it is written again")
        kept = False
    if not kept:
        run.store.write_data(run.dataset)
