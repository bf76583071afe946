"""One row per planned cell, with its raw figures: for other programs and for spreadsheets."""

import json

import numpy as np
import pandas as pd

from benchmarks.redaction import without_folders
from benchmarks.schema.cell import Params
from benchmarks.schema.result import CellResult
from reports.analysis.calibration import brier_score
from reports.analysis.calibration_error import bins, debiased_error
from reports.analysis.estimates import Clusters
from reports.analysis.evidence import length_buckets
from reports.analysis.limit import Limits, limits
from reports.analysis.results import Results
from reports.analysis.throughput import fitting_price, labelling_price, throughput


def cell_figures(results: Results) -> pd.DataFrame:
    """Every planned cell: what it is, how it ended, and its figures in full precision; empty where not measured.

    `accuracy_length_1` is the accuracy on the shortest reviews, the last one that on the longest. Shares are in 0..1,
    times in seconds, sizes in bytes, energy in joules, rates in texts, tokens or operations a second, prices in the
    currency of `--price-per-hour`. Percentiles are those of the cell's own readings; their bounds are empty where the
    readings are too few for one.
    """
    known = limits(results)
    figures = pd.DataFrame([{"cell": results.cell_id(cell)} | _figures(results, known, cell) for cell in results.cells])
    if figures.empty:
        return results.cells_frame
    return results.cells_frame.merge(figures, on="cell", how="left", validate="one_to_one")


def _figures(results: Results, known: Limits, cell: CellResult) -> dict[str, object]:
    spec = cell.spec
    figures: dict[str, object] = {
        "dataset": spec.dataset,
        "data_fingerprint": spec.data_fingerprint,
        "valid_size": spec.valid_size,
        "test_size": spec.test_size,
        "model_name": spec.model,
        "model_params": _json(spec.model_params),
        "loss_name": spec.loss,
        "loss_params": _json(spec.loss_params),
        "code_version": spec.code_version,
        **cell.metrics,
        **cell.truncation,
    }
    if cell.status == "ok":
        predictions = results.predictions(cell)
        figures["calibration_error_debiased"] = debiased_error(
            bins(predictions.probabilities.max(axis=1), predictions.correct, Clusters.of(predictions.groups))
        )
        figures["brier_score"] = brier_score(predictions)
        buckets = length_buckets(predictions.lengths, cell.length_edges)
        for bucket in range(len(cell.length_edges) + 1):
            own = predictions.correct[buckets == bucket]
            figures[f"accuracy_length_{bucket + 1}"] = own.mean() if len(own) else np.nan
    cost = throughput([cell])
    shares = known.shares([cell], cost)
    price = np.nan if results.price_per_hour is None else results.price_per_hour
    p50, p95, p99 = cost.single_seconds
    return figures | {
        "fit_seconds": cost.fit_seconds,
        "fit_resumed": bool(cell.fit_parts),
        "training_rate": cost.training_rate,
        "text_to_label_rate": cost.text_to_label_rate,
        "encoded_to_scores_rate": cost.encoded_to_scores_rate,
        "training_tokens_rate": cost.training_tokens_rate,
        "scoring_tokens_rate": cost.scoring_tokens_rate,
        "training_padding_efficiency": cost.training_padding,
        "scoring_padding_efficiency": cost.scoring_padding,
        "training_flop_rate": cost.training_flop_rate,
        "scoring_flop_rate": cost.scoring_flop_rate,
        "training_share_of_ceiling": shares.training,
        "scoring_share_of_ceiling": shares.scoring,
        "single_readings": p50.readings,
        "single_seconds_p50": p50.sample,
        "single_seconds_p50_bound": p50.bound,
        "single_seconds_p95": p95.sample,
        "single_seconds_p95_bound": p95.bound,
        "single_seconds_p99": p99.sample,
        "single_seconds_p99_bound": p99.bound,
        "overhead_seconds": cost.overhead_seconds,
        "overhead_share": cost.overhead_share,
        "load_average": cell.load.load_average if cell.load else np.nan,
        "load_others": cell.load.others if cell.load else np.nan,
        "load_stolen": cell.load.stolen if cell.load else np.nan,
        "throttled_seconds": cell.load.throttled_seconds if cell.load else np.nan,
        "fit_joules": cost.fit_joules,
        "labelling_joules": cost.labelling_joules,
        "energy": cell.energy,
        "price_to_fit": fitting_price(cost, price),
        "price_of_a_million": labelling_price(cost, price),
        "host_bytes": cost.host_bytes,
        "host_start_bytes": cost.host_start_bytes,
        "device_bytes": cost.device_bytes,
        "parameters": cost.parameters,
        "model_bytes": cost.model_bytes,
        "audits_failed": " ".join(audit.name for audit in cell.audits if not audit.passed),
        "audits_alarming": " ".join(audit.name for audit in cell.audits if audit.alarms),
    }


def _json(params: Params) -> str:
    shown = {name: without_folders(v) if isinstance(v, str) else v for name, v in params.items()}
    return json.dumps(shown, sort_keys=True)
