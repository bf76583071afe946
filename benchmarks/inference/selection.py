"""The cell of a run whose model is used: the best on validation."""

import fnmatch
import logging
from collections.abc import Callable, Sequence

from benchmarks.errors import UsageError
from benchmarks.schema.cell import CellSpec
from benchmarks.schema.result import CellResult
from benchmarks.store.results import Store
from models.model import standing

log = logging.getLogger(__package__)

MOST_NAMED = 20
"""Cells that a message lists."""


def best_cell(
    store: Store, pattern: str, usable: Callable[[CellSpec], bool] | None = None, purpose: str = ""
) -> tuple[CellResult, str]:
    """Return the cell with the highest validation accuracy, or the best by the run's metric, and why it was chosen.

    Ties go to the lower validation log loss. A cell that was selected by another metric counts only where it is the
    only one. The test rows have no say: a model chosen by them would look better than it is. Only cells of the run's
    present plan and data count.

    Args:
        store: the results folder.
        pattern: glob that the cell's id must match.
        usable: further condition on a cell; None accepts all.
        purpose: what `usable` cells can do, as in "can be exported as ONNX".

    Raises:
        UsageError: no cell qualifies.
        StoreError: the folder holds no readable run.
    """
    matching = [result for result in trained_cells(store) if fnmatch.fnmatchcase(result.spec.id, pattern)]
    if not matching:
        raise UsageError(
            f"no trained cell of {str(store.folder)!r} matches (choices: {_named(trained_cells(store))})",
            option="cells",
            value=pattern,
        )
    candidates = [result for result in matching if usable is None or usable(result.spec)]
    if not candidates:
        raise UsageError(f"no cell {purpose} among those that match {pattern!r}: {_named(matching)}")
    of_which = f"that {purpose}" if usable else "" if pattern == "*" else f"that match {pattern!r}"
    if len(candidates) == 1:
        return candidates[0], " ".join(f"the only cell {of_which.replace('match ', 'matches ')}".split())
    metric, costs = _criterion(store)
    ranked = [
        result
        for result in candidates
        if (result.spec.metric, result.spec.costs) == (metric, costs) and _validation(result)
    ]
    shown_metric = metric.replace("_", " ")
    if not ranked:
        raise UsageError(
            f"no cell of {str(store.folder)!r} has a validation {shown_metric} to choose by: name one "
            f"(choices: {_named(candidates)})",
            option="cells",
            value=pattern,
        )
    for result in ranked:
        log.debug("%s: validation %s %s", result.spec.id, shown_metric, _shown(result))
    best = max(ranked, key=_validation)
    reason = f"highest validation {shown_metric}, {_shown(best)}, of {len(ranked)} cells {of_which}"
    return best, reason.strip()


def trained_cells(store: Store) -> list[CellResult]:
    """Return the good results of a run's present plan and data, deep audits left out.

    Raises:
        StoreError: the folder holds no readable run.
    """
    run = store.read_run()
    planned, fingerprint = set(run["planned"]), run["dataset"].get("fingerprint")
    return [
        result
        for result in store.results()
        if result.status == "ok"
        and result.spec.role == "result"
        and result.spec.id in planned
        and result.spec.data_fingerprint == fingerprint
    ]


def _criterion(store: Store) -> tuple[str, tuple[tuple[float, ...], ...]]:
    """Metric and costs that the run's cells were selected by."""
    run = store.read_run()
    return run.get("metric") or "accuracy", tuple(tuple(row) for row in run.get("costs") or ())


def _shown(result: CellResult) -> str:
    value = _validation(result)[0]
    return f"{value:.2%}" if result.spec.metric == "accuracy" else f"{value:.4f}"


def _named(results: Sequence[CellResult]) -> str:
    names = [result.spec.id for result in results]
    more = [f"and {len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    return ", ".join([*names[:MOST_NAMED], *more]) or "none ended ok"


def _validation(result: CellResult) -> tuple[float, ...]:
    """Accuracy, or the metric of selection, and negated log loss on validation; empty where the model kept none."""
    history, selected = result.fit.get("history") or [], result.fit.get("selected", 0)
    if selected >= len(history) or not {"valid_accuracy", "valid_loss"} <= history[selected].keys():
        return ()
    return standing(history[selected]), -history[selected]["valid_loss"]
