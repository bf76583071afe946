"""Claims about times, latencies, calibration and growth."""

from collections.abc import Callable

import numpy as np
from scipy import special, stats

from reports.analysis.calibration_error import bins, calibration_error
from reports.analysis.estimates import Clusters, estimate, figure_of
from reports.analysis.family import sidak
from reports.analysis.growth import Order, exponent, lead
from reports.analysis.metric_figures import ROW_FIGURES
from reports.analysis.percentiles import percentile
from reports.analysis.rate_ratios import Timing, rank_ranges, ratios, timing
from reports.certificate.claims import Claim

PROCESS, READING = 0.05, 0.02
"""Standard deviations of the logarithm of a time between processes, and between readings of one."""

CALIBRATED, ALIKE = 2_500, 0.2
"""Test rows whose calibration is measured, and how rows of a group correlate in being right."""


def claims() -> list[Claim]:
    """All of them."""
    return [*_times(), *_latencies(), *_calibration(), *_macro_f1(), *_growth()]


def _timed(generator: np.random.Generator, processes: int, rate: float = 1.0) -> Timing:
    """Four readings in each of several processes."""
    logs = PROCESS * generator.normal(size=(processes, 1)) + READING * generator.normal(size=(processes, 4))
    return timing(list(rate * np.exp(logs)))


def _times() -> list[Claim]:
    def false_alarm(generator: np.random.Generator, replicates: int) -> int:
        found = 0
        for _ in range(replicates):
            pairs = [(_timed(generator, 5), _timed(generator, 5)) for _ in range(40)]
            found += any(one.above or one.below for one in ratios(pairs))
        return found

    def covers(generator: np.random.Generator, replicates: int) -> int:
        found = 0
        for _ in range(replicates):
            ((one),) = ratios([(_timed(generator, 5, 1.2), _timed(generator, 7))])
            found += one.interval is not None and one.interval.low <= 1.2 <= one.interval.high
        return found

    def nested(generator: np.random.Generator, replicates: int, deviation: float) -> int:
        """Whether the interval holds 1.2, with five processes for each of three seeds that differ in their work."""
        found = 0
        for _ in range(replicates):
            pair = []
            for rate in (1.2, 1.0):
                seeds = deviation * generator.normal(size=3).repeat(5)
                own = seeds[:, None] + PROCESS * generator.normal(size=(15, 1))
                logs = own + READING * generator.normal(size=(15, 4))
                pair.append(timing(list(rate * np.exp(logs)), np.arange(3).repeat(5).tolist()))
            ((one),) = ratios([(pair[0], pair[1])])
            found += one.interval is not None and one.interval.low <= 1.2 <= one.interval.high
        return found

    def ranked(generator: np.random.Generator, replicates: int, processes: int) -> int:
        """Whether five models, each 1.2 times as fast as the next, have their exact ranks."""
        found = 0
        for _ in range(replicates):
            ranks = rank_ranges([_timed(generator, processes, 1.2**-place) for place in range(5)])
            found += all(rank and rank.first == rank.last for rank in ranks)
        return found

    def false_rank(generator: np.random.Generator, replicates: int) -> int:
        found = 0
        for _ in range(replicates):
            ranks = rank_ranges([_timed(generator, 5) for _ in range(5)])
            found += any(rank is None or (rank.first, rank.last) != (1, 5) for rank in ranks)
        return found

    def single(generator: np.random.Generator, replicates: int) -> int:
        pairs = [(_timed(generator, 1, 3.0), _timed(generator, 1)) for _ in range(replicates)]
        ranks = [rank_ranges(list(pair)) for pair in pairs]
        return sum(one.above or one.below for one in ratios(pairs)) + sum(any(own) for own in ranks)

    ratio, rank = "ratio of times or rates", "rank of a throughput"
    return [
        Claim(ratio, "40 rates unchanged, 5 processes a side", "error: any alarm", 0, 0.06, false_alarm, 200),
        Claim(ratio, "1.2 times, 5 and 7 processes", "coverage", 0.935, 0.975, covers, 2_000),
        Claim(ratio, "3 seeds of 5 processes, seeds alike", "coverage", 0.92, 0.98,
              lambda generator, replicates: nested(generator, replicates, 0.0), 500),
        Claim(ratio, "3 seeds of 5 processes, seeds differ by 15 %", "coverage", 0.92, 0.98,
              lambda generator, replicates: nested(generator, replicates, 0.15), 500),
        Claim(ratio, "3 times, one process a side", "error: any verdict", 0, 0, single, 200),
        Claim(rank, "5 models alike, 5 processes", "error: any rank but 1–5", 0, 0.06, false_rank, 300),
        Claim(rank, "5 models, each 1.2 times the next, 10 processes", "power: all ranks exact", 0.8, 1,
              lambda generator, replicates: ranked(generator, replicates, 10), 200),
    ]  # fmt: skip


def _latencies() -> list[Claim]:
    def bounded(share: float, readings: int) -> Claim:
        true = float(np.exp(stats.norm.ppf(share)))

        def simulate(generator: np.random.Generator, replicates: int) -> int:
            drawn = np.exp(generator.normal(size=(replicates, readings)))
            return sum(percentile(own, share).bound >= true for own in drawn)

        name = f"bound of the {100 * share:g}th percentile"
        return Claim(name, f"{readings} readings", "coverage", 0.95, 1, simulate, 1_000)

    return [bounded(0.5, 20), bounded(0.95, 59), bounded(0.99, 299), bounded(0.99, 1_000)]


def _calibration() -> list[Claim]:
    def simulated(overconfidence: float, group: int = 1, *, shown: bool) -> Claim:
        clusters = Clusters.of(np.arange(CALIBRATED) // group)

        def simulate(generator: np.random.Generator, replicates: int) -> int:
            true = _true_error(overconfidence)
            found = 0
            for _ in range(replicates):
                confidence, right = _calibrated(generator, CALIBRATED, overconfidence, group)
                one = calibration_error([bins(confidence, right, clusters)])
                found += one.shown if shown else one.interval.low <= true <= one.interval.high
            return found

        setting = f"{CALIBRATED:,} rows, true error {100 * _true_error(overconfidence):.1f} %"
        if group > 1:
            setting += f", groups of {group} that correlate by {ALIKE}"
        if shown:
            return Claim("calibration error", setting, "error: shown", 0, 0.075, simulate, 500)
        return Claim("calibration error", setting, "coverage", 0.92, 1, simulate, 500)

    return [
        *(simulated(0.0, group, shown=shown) for group in (1, 25) for shown in (True, False)),
        *(simulated(error, shown=False) for error in (0.03, 0.1)),
        simulated(0.1, 25, shown=False),
    ]


def _calibrated(
    generator: np.random.Generator, rows: int, overconfidence: float, group: int = 1
) -> tuple["np.ndarray[tuple[int], np.dtype[np.float64]]", "np.ndarray[tuple[int], np.dtype[np.bool_]]"]:
    """Confidences, and whether they are right; a share of what exceeds a half is overconfidence.

    Rows of a group are right together: one normal number that they share makes up `ALIKE` of the variance.
    """
    confidence = np.clip(generator.beta(6, 1, size=rows), 0.5, 1.0)
    right = confidence - overconfidence * (confidence - 0.5)
    if group == 1:
        return confidence, generator.random(rows) < right
    shared = generator.normal(size=-(-rows // group)).repeat(group)[:rows]
    return confidence, special.ndtr(np.sqrt(ALIKE) * shared + np.sqrt(1 - ALIKE) * generator.normal(size=rows)) < right


def _true_error(overconfidence: float) -> float:
    """Mean over rows of the confidence that is not earned; the same sign in every bin."""
    confidence = np.clip(stats.beta(6, 1).ppf((np.arange(10_000) + 0.5) / 10_000), 0.5, 1.0)
    return float(overconfidence * (confidence - 0.5).mean())


def _macro_f1() -> list[Claim]:
    """Of three classes, the rarest with a share of 1.4 %; half of its texts are found."""
    sizes = np.array([0.7, 0.286, 0.014])
    said = np.array([[0.95, 0.045, 0.005], [0.1, 0.895, 0.005], [0.3, 0.2, 0.5]])
    joint = sizes[:, None] * said
    true = float((2 * np.diag(joint) / (sizes + joint.sum(axis=0))).mean())

    def covered(rows: int) -> Callable[[np.random.Generator, int], int]:
        def simulate(generator: np.random.Generator, replicates: int) -> int:
            found = 0
            for drawn in generator.multinomial(rows, joint.ravel(), size=replicates):
                labels, predicted = np.divmod(np.repeat(np.arange(9), drawn), 3)
                value, influence = ROW_FIGURES["macro_f1"](labels, np.eye(3)[predicted])
                low, high = estimate(figure_of(np.array([value]), influence[None], None)).interval
                found += low <= true <= high
            return found

        return simulate

    few = Claim("macro-F1", "490 rows, 7 of the rarest class: too narrow", "coverage", 0.8, 0.92, covered(490), 1_000)
    return [few, Claim("macro-F1", "5,000 rows, 70 of the rarest class", "coverage", 0.93, 0.97, covered(5_000), 1_000)]


def _growth() -> list[Claim]:
    sizes = [500.0, 2_000.0, 8_000.0, 32_000.0]

    def slopes(generator: np.random.Generator, replicates: int) -> int:
        drawn = [
            exponent(sizes, (np.power(sizes, 0.9) * np.exp(0.05 * generator.normal(size=4))).tolist())
            for _ in range(replicates)
        ]
        return sum(one.interval.low <= 0.9 <= one.interval.high for one in drawn)

    def crossed(generator: np.random.Generator, replicates: int, steepness: float, error: float) -> tuple[int, int]:
        """Replicates that name a crossing, and those of them whose interval misses the true one of 4,000."""
        true = steepness * (np.log(sizes) - np.log(4_000.0))
        reach = stats.norm.isf(sidak(len(sizes)) / 2) * error
        named = missed = 0
        for _ in range(replicates):
            seen = true + error * generator.normal(size=len(sizes))
            found = lead(sizes, (seen - reach).tolist(), (seen + reach).tolist())
            if found.order is Order.CROSSES and found.between:
                named += 1
                missed += not found.between[0] <= 4_000 <= found.between[1]
        return named, missed

    return [
        Claim("growth exponent", "4 sizes, 5 % noise", "coverage", 0.94, 0.96, slopes, 3_000),
        Claim("crossing of learning curves", "curves that are the same", "error: one is named", 0, 0.01,
              lambda generator, replicates: crossed(generator, replicates, 0.0, 0.005)[0], 3_000),
        Claim("crossing of learning curves", "true crossing at 4,000", "error: named and missed", 0, 0.05,
              lambda generator, replicates: crossed(generator, replicates, 0.012, 0.005)[1], 3_000),
        Claim("crossing of learning curves", "true crossing at 4,000", "power: one is named", 0.6, 1,
              lambda generator, replicates: crossed(generator, replicates, 0.012, 0.005)[0], 3_000),
    ]  # fmt: skip
