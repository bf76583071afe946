"""All tables of the report, worked out once for every kind of it."""

from functools import lru_cache

import pandas as pd

from reports.analysis.run_analysis import Analysis
from reports.analysis.tuning import searches
from reports.render.accuracy_tables import (
    accuracy_table,
    best_table,
    bucket_effects_table,
    bucket_table,
    class_effects_table,
    comparisons_table,
    length_table,
    primary_table,
    quality_table,
)
from reports.render.class_tables import metric_table, pairs_table, recall_table
from reports.render.confidence_tables import calibration_table, selective_table
from reports.render.cost_tables import ceilings_table, limit_table, noise_table, size_table, throughput_table
from reports.render.engine_tables import ARRIVALS, BATCHES, SUMMARY, engines_table, kept_load_tests, load_test_tables
from reports.render.run_tables import audits_table, findings_table, not_ok_table, settings_table
from reports.render.tuning_tables import tuning_table


@lru_cache(maxsize=1)
def tables(analysis: Analysis) -> dict[str, pd.DataFrame]:
    """Name -> frame of text."""
    results = analysis.results
    under_load = load_test_tables(kept_load_tests(analysis))
    return {
        "accuracy": accuracy_table(analysis),
        "primary": primary_table(analysis),
        "best": best_table(analysis),
        "exploratory": comparisons_table(analysis.exploratory),
        "quality": quality_table(analysis),
        "metric": metric_table(analysis),
        "recall": recall_table(analysis),
        "pairs": pairs_table(analysis),
        "calibration": calibration_table(analysis),
        "selective": selective_table(analysis),
        "length": length_table(analysis),
        "bucket_effects": bucket_effects_table(analysis),
        "class_effects": class_effects_table(analysis),
        "buckets": bucket_table(analysis),
        "throughput": throughput_table(analysis),
        "limit": limit_table(analysis),
        "ceilings": ceilings_table(results),
        "size": size_table(analysis),
        "noise": noise_table(analysis),
        "not_ok": not_ok_table(results),
        "audits": audits_table(results),
        "findings": findings_table(results),
        "settings": settings_table(results),
        "tuning": tuning_table(searches(results)),
        "engines": engines_table(analysis),
        "load": under_load[SUMMARY],
        "load_batches": under_load[BATCHES],
        "load_arrivals": under_load[ARRIVALS],
    }
