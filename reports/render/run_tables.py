"""Tables of what ran: parameters, audits, and cells that did not end ok."""

from collections import Counter
from collections.abc import Mapping

import pandas as pd

from benchmarks.redaction import without_folders
from reports import formats
from reports.analysis.results import Configuration, Results
from reports.formats import NOT_MEASURED
from reports.render.rows import frame, trainings, who


def settings_table(results: Results) -> pd.DataFrame:
    """Every parameter of every configuration, and the epochs that ran."""
    return frame(
        [
            who(one)
            | {
                "loss": one.loss,
                "trainings": trainings(one),
                "epochs run": _epochs(one),
                "parameters of the model": _settings(one.model_params),
                "parameters of the loss": _settings(one.loss_params),
            }
            for one in results.configurations
        ]
    )


def not_ok_table(results: Results) -> pd.DataFrame:
    """Planned cells that did not end ok, and why."""
    cells = results.cells_frame
    return frame(
        [
            {
                "model": str(cell["model"]),
                "loss": str(cell["loss"]),
                "training texts": formats.count(cell["train_size"]),
                "seed": str(cell["seed"]),
                "status": str(cell["status"]),
                "reason": str(cell["reason"]),
            }
            for cell in cells[cells["status"] != "ok"].to_dict("records")
        ]
    )


def audits_table(results: Results) -> pd.DataFrame:
    """Count the cells that passed each audit, and the failures that are alarms."""
    passed = Counter(audit.name for cell in results.ok for audit in cell.audits if audit.passed)
    checked = Counter(audit.name for cell in results.ok for audit in cell.audits)
    return frame(
        [
            {
                "audit": name,
                "cells": formats.count(cells),
                "passed": formats.count(passed[name]),
                "failed": formats.count(cells - passed[name]),
                "of these, alarms": formats.count(results.alarms.get(name, 0)),
            }
            for name, cells in checked.items()
        ]
    )


def findings_table(results: Results) -> pd.DataFrame:
    """Audits that failed; cells of one model and size with the same finding share a row."""
    cells: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for cell in results.ok:
        for audit in cell.audits:
            if not audit.passed:
                model, size = results.model_label(cell), formats.count(cell.spec.train_size)
                accepted = audit.acknowledged or NOT_MEASURED
                key = (audit.name, audit.severity, model, size, audit.reason, accepted)
                cells.setdefault(key, {}).setdefault(results.loss_label(cell), []).append(str(cell.spec.seed))
    columns = ("audit", "severity", "model", "training texts", "finding", "accepted because")
    return frame(
        [
            dict(zip(columns, key, strict=True))
            | {"loss (seeds)": "; ".join(f"{loss} ({', '.join(seeds)})" for loss, seeds in losses.items())}
            for key, losses in cells.items()
        ]
    )


def _epochs(configuration: Configuration) -> str:
    """Epochs that ran, and the one whose weights were kept: "4 (kept: 3)"; ranges over trainings."""
    trained = [cell for cell in configuration.cells if cell.cascade is None]
    histories = [(cell.fit.get("history", []), int(cell.fit.get("selected", 0))) for cell in trained]
    run = [len(history) for history, _ in histories if _by_epoch(history)]
    kept = [selected + 1 for history, selected in histories if _by_epoch(history)]
    return f"{_range(run)} (kept: {_range(kept)})" if run else NOT_MEASURED


def _by_epoch(history: list[dict[str, float]]) -> bool:
    return bool(history) and all("epoch" in entry for entry in history)


def _range(counts: list[int]) -> str:
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low}–{high}"


def _settings(params: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={without_folders(str(value))}" for name, value in params.items()) or NOT_MEASURED
