"""Tables of speed, of the machine's own limit, and of memory, energy and price."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from benchmarks.schema.comparability import why_rates_not_comparable
from benchmarks.schema.measurements import Phase
from benchmarks.schema.result import CellResult
from reports import formats
from reports.analysis.limit import limits
from reports.analysis.noise import RANKED, by_contender, fit_timing, phase_timing
from reports.analysis.percentiles import Percentile
from reports.analysis.rate_ratios import RankRange, Timing, rank_ranges
from reports.analysis.results import Configuration, Results
from reports.analysis.run_analysis import Analysis
from reports.analysis.throughput import Throughput, fitting_price, labelling_price, throughput
from reports.formats import NOT_MEASURED
from reports.render.rows import frame, who

MEGABYTE, GIGA = 1e6, 1e9

RATES: dict[Phase, tuple[str, str, str]] = {
    "train_steps": ("training", "samples/s", "training_rate"),
    "text_to_label": ("text → label", "texts/s", "text_to_label_rate"),
    "encoded_to_scores": ("encoded → scores", "texts/s", "encoded_to_scores_rate"),
}
"""Phase -> its name, its unit and the rate of a `Throughput`."""

LATENCIES = ("one text p50 (ms)", "p95 (ms)", "p99 (ms)")


def throughput_table(analysis: Analysis) -> pd.DataFrame:
    """Speed: medians over the cells of a model, whatever their loss, with the range; ranks within a training size."""
    losses = list(dict.fromkeys(c.loss for c in analysis.results.configurations))
    groups = by_contender(analysis.results.configurations)
    ranks = {phase: _ranks(analysis, groups, phase) for phase in RANKED}
    rows = []
    for index, group in enumerate(groups):
        speed = _together(group)
        row = who(group[0]) | {"processes timed": formats.count(phase_timing(_cells(group), "text_to_label").processes)}
        fits = {c.loss: _timing(fit_timing(c.cells)) for c in group}
        row |= {f"fit, {loss} (s)": fits.get(loss, NOT_MEASURED) for loss in losses}
        for phase, (name, unit, rate) in RATES.items():
            row[f"{name} ({unit})"] = formats.significant(getattr(speed, rate))
            row[f"{name}: rank"] = ranks[phase][index]
        rows.append(row | dict(zip(LATENCIES, map(_latency, speed.single_seconds), strict=True)))
    return frame(rows)


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
            who(group[0])
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
    return frame(rows)


def ceilings_table(results: Results) -> pd.DataFrame:
    """The ceilings of the devices, as measured before and after the cells."""
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
    """The spread between readings of the same work."""
    return pd.DataFrame(
        [
            {
                "throughput of": RANKED[phase],
                "A/A pairs": formats.count(spread.pairs),
                "median spread": formats.percent(spread.median),
                "largest spread of all pairs": formats.percent(spread.largest),
            }
            for phase, spread in analysis.noise.spreads.items()
        ],
        dtype=str,
    )


def size_table(analysis: Analysis) -> pd.DataFrame:
    """Memory, size, energy and, where the machine has a price, cost: medians over trainings and losses.

    A megabyte is a million bytes.
    """
    rows = []
    price = analysis.results.price_per_hour
    for group in by_contender(analysis.results.configurations):
        together = _together(group)
        row = who(group[0]) | {
            "peak memory, host (MB)": formats.count(together.host_bytes / MEGABYTE),
            "of it before the cell (MB)": formats.count(together.host_start_bytes / MEGABYTE),
            "peak memory, device (MB)": formats.count(together.device_bytes / MEGABYTE),
            "parameters": formats.count(together.parameters),
            "saved model (MB)": formats.significant(together.model_bytes / MEGABYTE),
            "energy to fit (J)": _joules(together.fit_joules),
            "energy for 1,000 texts (J)": _joules(1000 * together.labelling_joules),
        }
        if price is not None:
            row["price to fit"] = formats.significant(fitting_price(together, price))
            row["price of a million texts"] = formats.significant(labelling_price(together, price))
        rows.append(row)
    return frame(rows)


def _timing(fits: Timing) -> str:
    """The median with the range: "2.31 (2.25–2.40)"."""
    if fits.processes == 1:
        return f"{formats.significant(fits.median)} (one reading)"
    if not fits.processes:
        return NOT_MEASURED
    low, high = map(formats.significant, fits.range)
    return f"{formats.significant(fits.median)} ({low}–{high})"


def _latency(found: Percentile) -> str:
    """A percentile in milliseconds with the bound of the true one; the readings needed where there are too few."""
    if np.isnan(found.value):
        return f"needs {found.needed} readings" if found.readings else NOT_MEASURED
    return f"{formats.significant(1000 * found.value)} (≤ {formats.significant(1000 * found.bound)})"


def _cells(group: Sequence[Configuration]) -> list[CellResult]:
    return [cell for configuration in group for cell in configuration.cells]


def _together(group: Sequence[Configuration]) -> Throughput:
    return throughput(_cells(group))


def _ranks(analysis: Analysis, groups: Sequence[Sequence[Configuration]], phase: Phase) -> list[str]:
    """Among the models of the same training size; none where times do not compare."""
    if why_rates_not_comparable(analysis.results.ok):
        return [NOT_MEASURED] * len(groups)
    sizes = [group[0].train_size for group in groups]
    ranks: dict[int, str] = {}
    for size in dict.fromkeys(sizes):
        timed = {i: phase_timing(_cells(groups[i]), phase) for i, own in enumerate(sizes) if own == size}
        timed = {index: own for index, own in timed.items() if own.processes}
        ranks |= {index: _rank(rank) for index, rank in zip(timed, rank_ranges(list(timed.values())), strict=True)}
    return [ranks.get(index, NOT_MEASURED) for index in range(len(groups))]


def _rank(rank: RankRange | None) -> str:
    if rank is None:
        return "not decided"
    return str(rank.first) if rank.first == rank.last else f"{rank.first}–{rank.last}"


def _joules(joules: float) -> str:
    return "not measured" if np.isnan(joules) else formats.significant(joules)
