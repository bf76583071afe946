"""Tables of engines and of load tests."""

from collections.abc import Sequence
from statistics import median

import numpy as np
import pandas as pd

from benchmarks.schema.load_test import BatchSize, LoadTest, Trial
from benchmarks.store.engines import load_tests
from benchmarks.store.results import Store
from reports import formats
from reports.analysis.engines import TORCH, Served, failures, served
from reports.analysis.percentiles import Percentile, percentile, readings_needed
from reports.analysis.run_analysis import Analysis
from reports.analysis.throughput import throughput
from reports.formats import NOT_MEASURED
from reports.render.rows import doubt, frame, who

MEGABYTE = 1e6

SUMMARY, BATCHES, ARRIVALS = "Trained models under load", "Batches, text to label", "Texts arriving at random moments"
"""Titles of the tables of load tests."""


def engines_table(analysis: Analysis) -> pd.DataFrame:
    """One row per configuration and engine; empty where no engine was measured."""
    results = analysis.results
    rows = [_engine(one) for one in served(results, analysis.evidence)]
    rows += [
        {"model": one.cell, "engine": one.engine, "precision": one.precision, "verdict": f"failed: {one.reason}"}
        for one in failures(results)
    ]
    return frame(rows).fillna(NOT_MEASURED)


def _engine(one: Served) -> dict[str, str]:
    configuration = one.evidence.configuration
    same, rows = one.same_class
    speed = throughput(configuration.cells)
    p50, _, p99 = speed.single_seconds
    return who(configuration) | {
        "model": one.torch.configuration.model,
        "engine": one.engine,
        "verdict": "exact" if one.exact else "not exact",
        "text → label (texts/s)": formats.significant(speed.text_to_label_rate)
        + doubt(*(result.load for result in one.results)),
        "times torch": _times_torch(one),
        "turns": formats.count(one.turns),
        "encoded → scores (texts/s)": formats.significant(speed.encoded_to_scores_rate),
        "one text p50 (ms)": _milliseconds(p50),
        "one text p99 (ms)": _milliseconds(p99),
        "start (s)": formats.significant(one.median_of("ready_seconds")),
        "of it load (s)": formats.significant(one.median_of("load_seconds")),
        "peak memory (MB)": formats.count(speed.host_bytes / MEGABYTE),
        "files (MB)": formats.significant(speed.model_bytes / MEGABYTE),
        "same class": f"{same:,} of {rows:,}",
        "accuracy less torch's (points)": formats.points_interval(*one.difference),
    }


def _times_torch(one: Served) -> str:
    """The mean ratio with its 95 % interval over the turns."""
    ratio, interval = one.times_torch
    if one.engine == TORCH or np.isnan(ratio):
        return NOT_MEASURED
    return formats.ratio_interval(ratio, interval, "one turn")


def kept_load_tests(analysis: Analysis) -> list[LoadTest]:
    """The load tests of the planned cells."""
    store = Store(analysis.results.folder)
    cells = [analysis.results.cell_id(cell) for cell in analysis.results.ok]
    return [one for cell in cells for one in load_tests(store.engine_folder(cell))]


def load_test_tables(tests: Sequence[LoadTest]) -> dict[str, pd.DataFrame]:
    """Title -> table: a row per load test, per batch size and per rate that was tried; all empty without a test."""
    return {
        SUMMARY: frame([_served(one) | _load_test(one) for one in tests]),
        BATCHES: frame([_served(one) | _batches(size) for one in tests for size in one.sweep]),
        ARRIVALS: frame([_served(one) | _trial(trial) for one in tests for trial in one.trials]),
    }


def _served(one: LoadTest) -> dict[str, str]:
    return {"cell": one.cell, "engine": one.engine or "own code"}


def _batches(size: BatchSize) -> dict[str, str]:
    return {
        "texts in a batch": str(size.texts),
        "seconds": formats.significant(median(size.seconds)),
        "texts/s": formats.significant(size.texts / median(size.seconds)),
    }


def _load_test(one: LoadTest) -> dict[str, str]:
    best = max(size.texts / median(size.seconds) for size in one.sweep)
    warm = np.array(one.start.warm)
    rate = one.highest_rate
    return {
        "precision": one.precision,
        "start (s)": formats.significant(one.start.ready),
        "of it load (s)": formats.significant(one.start.load),
        "first text (ms)": formats.significant(1000 * one.start.first),
        "warm p50 (ms)": _milliseconds(percentile(warm, 0.5, one.texts)),
        "warm p99 (ms)": _milliseconds(percentile(warm, 0.99, one.texts)),
        "best batches (texts/s)": formats.significant(best),
        "limit of p99 (ms)": f"{one.slo_ms:g}",
        "highest rate within it (texts/s)": "none" if rate is None else formats.significant(rate) + doubt(one.load),
    }


def _trial(one: Trial) -> dict[str, str]:
    needed = readings_needed(0.99)
    return {
        "trial": "confirms" if one.confirming else "searches",
        "arriving texts/s": formats.significant(one.rate),
        "texts": formats.count(one.texts),
        "texts in a batch, mean": formats.significant(one.texts / one.batches),
        "p50 (ms)": formats.significant(1000 * one.p50),
        "p99 (ms)": formats.significant(1000 * one.p99) if one.texts >= needed else f"needs {needed} texts",
        "late %": f"{100 * one.late:.2f} (≤ {100 * one.late_bound:.2f})",
        "limit": "kept" if one.kept else "missed",
    }


def _milliseconds(found: Percentile) -> str:
    """A percentile with the bound of the true one; the readings needed where there are too few."""
    if np.isnan(found.value):
        return f"needs {found.needed} readings" if found.readings else NOT_MEASURED
    return f"{formats.significant(1000 * found.value)} (≤ {formats.significant(1000 * found.bound)})"
