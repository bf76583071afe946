"""The tables of the report: frames of text, ready to be shown; what was not measured is "–", never 0."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from benchmarks.schema.measurements import Phase
from benchmarks.schema.result import CellResult
from reports import formats
from reports.analysis.calibration import brier_score, expected_calibration_error
from reports.analysis.length_effects import SeedTest
from reports.analysis.limit import limits
from reports.analysis.noise import RANKED, by_contender, speed_ranks
from reports.analysis.results import Configuration, Results
from reports.analysis.run_analysis import Analysis
from reports.analysis.statistics import Rank
from reports.analysis.throughput import Throughput, fitting_price, labelling_price, throughput
from reports.formats import NOT_MEASURED

MEGABYTE, GIGA = 1e6, 1e9

Row = dict[str, str]


def accuracy_table(analysis: Analysis) -> pd.DataFrame:
    """Accuracy in percent with its 95 % interval, and the rank, losses side by side; best first within a size."""
    entries = {
        (a.configuration.contender, a.configuration.loss): (a, rank)
        for a, rank in zip(analysis.accuracies, analysis.ranks, strict=True)
    }
    losses = list(dict.fromkeys(a.configuration.loss for a in analysis.accuracies))
    best = sorted(analysis.accuracies, key=lambda a: (a.configuration.train_size, -a.value))
    rows = []
    for configuration in {a.configuration.contender: a.configuration for a in best}.values():
        own = {loss: entries[key] for loss in losses if (key := (configuration.contender, loss)) in entries}
        seeds = (f"{a.configuration.seeds}{' (alike)' if a.deterministic else ''}" for a, _ in own.values())
        row = _who(configuration) | {"seeds": " / ".join(dict.fromkeys(seeds))}
        for loss in losses:
            accuracy, rank = own.get(loss, (None, None))
            row[f"{loss}: accuracy %"] = (
                formats.percent_interval(accuracy.value, accuracy.interval) if accuracy else NOT_MEASURED
            )
            row[f"{loss}: rank"] = _rank(rank)
        rows.append(row)
    return _frame(rows)


def quality_table(analysis: Analysis) -> pd.DataFrame:
    """Other metrics on the test rows, means over seeds; accuracy without leaked rows where there are any."""
    leaks = any(cell.leaked_rows for cell in analysis.results.ok)
    rows = []
    for configuration in analysis.results.configurations:
        predictions = [analysis.results.predictions(cell) for cell in configuration.cells]
        row = _who(configuration) | {"loss": configuration.loss}
        if leaks:
            row["accuracy without leaked rows"] = formats.percent(_metric(configuration, "accuracy_without_leaks"))
        row |= {
            "macro-F1": formats.percent(_metric(configuration, "macro_f1")),
            "log loss (nats)": formats.decimal(_metric(configuration, "log_loss")),
            "calibration error (ECE)": formats.percent(float(np.mean([*map(expected_calibration_error, predictions)]))),
            "Brier score": formats.decimal(float(np.mean([*map(brier_score, predictions)]))),
        }
        rows.append(row)
    return _frame(rows)


def comparisons_table(analysis: Analysis) -> pd.DataFrame:
    """Every two models of the same loss and training size."""
    return _frame(
        [
            {
                "training reviews": formats.count(c.first.train_size),
                "loss": c.first.loss,
                "first": c.first.model,
                "second": c.second.model,
                "first less second (points)": formats.points_interval(c.difference, c.interval),
                "p (Holm)": formats.p_value(c.p_corrected),
                "better": c.better.model if c.better else "cannot be told apart",
                "smallest detectable": formats.points(c.detectable, signed=False),
            }
            for c in analysis.comparisons
        ]
    )


def length_table(analysis: Analysis) -> pd.DataFrame:
    """Other losses against cross-entropy: accuracy gained, in points, and how that depends on the length."""
    return _frame(
        [
            _who(effect.comparison.first)
            | {
                "loss": effect.comparison.first.loss,
                "all rows (points)": formats.points_interval(effect.comparison.difference, effect.comparison.interval),
                "p (Holm)": formats.p_value(effect.comparison.p_corrected),
                "smallest detectable": formats.points(effect.comparison.detectable, signed=False),
                "longest less shortest (points)": formats.points_interval(effect.gap.value, effect.gap.interval),
                "p of that (Holm)": formats.p_value(effect.gap_p_corrected),
                "p over seeds alone": _over_seeds(effect.seeds),
            }
            for effect in analysis.length_effects
        ]
    )


def bucket_effects_table(analysis: Analysis) -> pd.DataFrame:
    """Other losses against cross-entropy within each length bucket: accuracy gained, in points."""
    rows = []
    for effect in analysis.length_effects:
        row = _who(effect.comparison.first) | {"loss": effect.comparison.first.loss}
        for name, bucket in zip(_bucket_names(len(effect.buckets)), effect.buckets, strict=True):
            row[name] = formats.points_interval(bucket.effect.value, bucket.effect.interval)
        rows.append(row)
    return _frame(rows)


def bucket_table(analysis: Analysis) -> pd.DataFrame:
    """Accuracy in percent within each length bucket, and what of the texts was not read; means over seeds."""
    rows = []
    for evidence in analysis.evidence:
        configuration = evidence.configuration
        names = _bucket_names(len(evidence.buckets))
        shares = (formats.percent(float(bucket.observed.mean())) for bucket in evidence.buckets)
        row = _who(configuration) | {
            "loss": configuration.loss,
            "texts cut": _mean_share(configuration, "texts_cut"),
            "tokens never read": _mean_share(configuration, "tokens_cut"),
            "buckets end at (words)": _edges(configuration),
        }
        rows.append(row | dict(zip(names, shares, strict=True)))
    return _frame(rows)


def throughput_table(analysis: Analysis) -> pd.DataFrame:
    """Speed: medians over repeats, seeds and losses; seconds to fit for each loss; ranks within a training size."""
    losses = list(dict.fromkeys(c.loss for c in analysis.results.configurations))
    groups = by_contender(analysis.results.configurations)
    speeds = [_together(group) for group in groups]
    training = _ranks(analysis, groups, "train_steps", [speed.training_rate for speed in speeds])
    labelling = _ranks(analysis, groups, "text_to_label", [speed.text_to_label_rate for speed in speeds])
    scoring = _ranks(analysis, groups, "encoded_to_scores", [speed.encoded_to_scores_rate for speed in speeds])
    rows = []
    for index, (group, speed) in enumerate(zip(groups, speeds, strict=True)):
        fits = {c.loss: formats.significant(throughput(c.cells).fit_seconds) for c in group}
        p50, p95, p99 = (formats.significant(1000 * seconds) for seconds in speed.single_seconds)
        rows.append(
            _who(group[0])
            | {f"fit, {loss} (s)": fits.get(loss, NOT_MEASURED) for loss in losses}
            | {
                "training (samples/s)": formats.significant(speed.training_rate),
                "training: rank": training[index],
                "text → label (reviews/s)": formats.significant(speed.text_to_label_rate),
                "text → label: rank": labelling[index],
                "encoded → scores (reviews/s)": formats.significant(speed.encoded_to_scores_rate),
                "encoded → scores: rank": scoring[index],
                "one review p50 (ms)": p50,
                "p95 (ms)": p95,
                "p99 (ms)": p99,
            }
        )
    return _frame(rows)


def limit_table(analysis: Analysis) -> pd.DataFrame:
    """Throughput against the machine's own limit; only models that compute padded batches of tokens."""
    known = limits(analysis.results)
    rows = []
    for group in by_contender(analysis.results.configurations):
        speed = _together(group)
        if np.isnan(speed.training_padding) and np.isnan(speed.scoring_padding):
            continue
        shares = known.shares(_cells(group), speed)
        rows.append(
            _who(group[0])
            | {
                "training (tokens/s)": formats.significant(speed.training_tokens_rate),
                "training: padding efficiency": formats.percent(speed.training_padding),
                "training (GFLOP/s)": formats.significant(speed.training_flop_rate / GIGA),
                "training: share of the ceiling": formats.percent(shares.training),
                "scoring (tokens/s)": formats.significant(speed.scoring_tokens_rate),
                "scoring: padding efficiency": formats.percent(speed.scoring_padding),
                "scoring (GFLOP/s)": formats.significant(speed.scoring_flop_rate / GIGA),
                "scoring: share of the ceiling": formats.percent(shares.scoring),
            }
        )
    return _frame(rows)


def ceilings_table(results: Results) -> pd.DataFrame:
    """What the devices can do at best, as measured before and after the cells."""
    return pd.DataFrame(
        [
            {
                "device": ceiling.device,
                "precision": ceiling.precision,
                "matrix product (GFLOP/s)": formats.significant(ceiling.flop_per_second / GIGA),
                "of matrices": f"{ceiling.size} × {ceiling.size}",
                "memory (GB/s)": formats.significant(ceiling.bytes_per_second / GIGA),
            }
            for ceiling in results.ceilings
        ],
        dtype=str,
    )


def noise_table(analysis: Analysis) -> pd.DataFrame:
    """How far apart the same work was measured."""
    return pd.DataFrame(
        [
            {
                "throughput of": RANKED[phase],
                "A/A pairs": formats.count(spread.pairs),
                "median spread": formats.percent(spread.median),
                "largest spread: closer rates share a rank": formats.percent(spread.largest),
            }
            for phase, spread in analysis.noise.spreads.items()
        ],
        dtype=str,
    )


def size_table(analysis: Analysis) -> pd.DataFrame:
    """Memory, size, energy and, where the machine has a price, cost: medians over seeds and losses; a megabyte is a
    million bytes.
    """
    rows = []
    price = analysis.results.price_per_hour
    for group in by_contender(analysis.results.configurations):
        together = _together(group)
        row = _who(group[0]) | {
            "peak memory, host (MB)": formats.count(together.host_bytes / MEGABYTE),
            "of it before the cell (MB)": formats.count(together.host_start_bytes / MEGABYTE),
            "peak memory, device (MB)": formats.count(together.device_bytes / MEGABYTE),
            "parameters": formats.count(together.parameters),
            "saved model (MB)": formats.significant(together.model_bytes / MEGABYTE),
            "energy to fit (J)": _joules(together.fit_joules),
            "energy for 1,000 reviews (J)": _joules(1000 * together.labelling_joules),
        }
        if price is not None:
            row["price to fit"] = formats.significant(fitting_price(together, price))
            row["price of a million reviews"] = formats.significant(labelling_price(together, price))
        rows.append(row)
    return _frame(rows)


def not_ok_table(results: Results) -> pd.DataFrame:
    """Planned cells that did not end ok, and why."""
    frame = results.cells_frame
    return _frame(
        [
            {
                "model": str(cell["model"]),
                "loss": str(cell["loss"]),
                "training reviews": formats.count(cell["train_size"]),
                "seed": str(cell["seed"]),
                "status": str(cell["status"]),
                "reason": str(cell["reason"]),
            }
            for cell in frame[frame["status"] != "ok"].to_dict("records")
        ]
    )


def audits_table(results: Results) -> pd.DataFrame:
    """How many cells passed each audit."""
    passed = Counter(audit.name for cell in results.ok for audit in cell.audits if audit.passed)
    checked = Counter(audit.name for cell in results.ok for audit in cell.audits)
    return _frame(
        [
            {
                "audit": name,
                "cells": formats.count(cells),
                "passed": formats.count(passed[name]),
                "failed": formats.count(cells - passed[name]),
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
                key = (audit.name, results.model_label(cell), formats.count(cell.spec.train_size), audit.reason)
                cells.setdefault(key, {}).setdefault(results.loss_label(cell), []).append(str(cell.spec.seed))
    columns = ("audit", "model", "training reviews", "finding")
    return _frame(
        [
            dict(zip(columns, key, strict=True))
            | {"loss (seeds)": "; ".join(f"{loss} ({', '.join(seeds)})" for loss, seeds in losses.items())}
            for key, losses in cells.items()
        ]
    )


def _over_seeds(test: SeedTest | None) -> str:
    if test is None:
        return NOT_MEASURED
    return f"needs {test.seeds_needed} seeds" if test.p_value is None else formats.p_value(test.p_value)


def _bucket_names(buckets: int) -> list[str]:
    if buckets == 1:
        return ["all lengths"]
    return ["shortest", *(f"bucket {index}" for index in range(2, buckets)), "longest"]


def _edges(configuration: Configuration) -> str:
    return ", ".join(f"{edge:g}" for edge in configuration.cells[0].length_edges)


def _mean_share(configuration: Configuration, name: str) -> str:
    shares = [cell.truncation.get(name, np.nan) for cell in configuration.cells]
    return formats.percent(float(np.mean(shares)))


def _metric(configuration: Configuration, name: str) -> float:
    return float(np.mean([cell.metrics.get(name, np.nan) for cell in configuration.cells]))


def _cells(group: Sequence[Configuration]) -> list[CellResult]:
    return [cell for configuration in group for cell in configuration.cells]


def _together(group: Sequence[Configuration]) -> Throughput:
    return throughput(_cells(group))


def _ranks(
    analysis: Analysis, groups: Sequence[Sequence[Configuration]], phase: Phase, rates: Sequence[float]
) -> list[str]:
    """Among the models of the same training size."""
    sizes = [group[0].train_size for group in groups]
    ranks: dict[int, str] = {}
    for size in dict.fromkeys(sizes):
        members = [index for index, own in enumerate(sizes) if own == size]
        found = speed_ranks([rates[index] for index in members], analysis.noise.spreads.get(phase))
        ranks |= {index: _rank(rank) for index, rank in zip(members, found, strict=True)}
    return [ranks[index] for index in range(len(groups))]


def _rank(rank: Rank | None) -> str:
    return f"{rank.place}{'=' if rank.tied else ''}" if rank else NOT_MEASURED


def _joules(joules: float) -> str:
    return "not measured" if np.isnan(joules) else formats.significant(joules)


def _who(configuration: Configuration) -> Row:
    return {
        "model": configuration.model,
        "training reviews": formats.count(configuration.train_size),
        "device": configuration.device,
        "precision": configuration.precision,
    }


def _frame(rows: Sequence[Row]) -> pd.DataFrame:
    """The rows; device and precision only where they differ."""
    frame = pd.DataFrame(list(rows), dtype=str)
    same = [name for name in ("device", "precision") if name in frame and frame[name].nunique() == 1]
    return frame.drop(columns=same)
