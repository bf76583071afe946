"""Tables of the audits and of the cells that did not end ok."""

from collections import Counter

import pandas as pd

from reports import formats
from reports.analysis.results import Results
from reports.formats import NOT_MEASURED
from reports.render.rows import frame


def not_ok_table(results: Results) -> pd.DataFrame:
    """Planned cells that did not end ok, and why."""
    cells = results.cells_frame
    return frame(
        [
            {
                "model": str(cell["model"]),
                "loss": str(cell["loss"]),
                "training reviews": formats.count(cell["train_size"]),
                "seed": str(cell["seed"]),
                "status": str(cell["status"]),
                "reason": str(cell["reason"]),
            }
            for cell in cells[cells["status"] != "ok"].to_dict("records")
        ]
    )


def audits_table(results: Results) -> pd.DataFrame:
    """How many cells passed each audit, and how many of the failures are alarms."""
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
    columns = ("audit", "severity", "model", "training reviews", "finding", "accepted because")
    return frame(
        [
            dict(zip(columns, key, strict=True))
            | {"loss (seeds)": "; ".join(f"{loss} ({', '.join(seeds)})" for loss, seeds in losses.items())}
            for key, losses in cells.items()
        ]
    )
