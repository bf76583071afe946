"""Costs of candidates as multiples of the cheapest, with the uncertainty of both sides."""

from collections.abc import Sequence

from reports.analysis.noise import fit_timing, phase_timing
from reports.analysis.rate_ratios import Ratio, Timing, ratio
from reports.analysis.results import Configuration


def training_multiples(configurations: Sequence[Configuration]) -> list[Ratio | None]:
    """Seconds to fit over those of the fastest, whose own ratio is 1; None where one was not timed."""
    return _multiples([fit_timing(one.cells) for one in configurations])


def labelling_multiples(configurations: Sequence[Configuration]) -> list[Ratio | None]:
    """Seconds for a text, from text to label, over those of the fastest; None likewise."""
    rates = [phase_timing(one.cells, "text_to_label") for one in configurations]
    return _multiples([Timing(-rate.logs, rate.readings, rate.cells) for rate in rates])


def _multiples(timings: Sequence[Timing]) -> list[Ratio | None]:
    timed = [one for one in timings if one.processes]
    least = min(timed, key=lambda one: one.mean.value, default=None)
    return [ratio(one, least) if least and one.processes else None for one in timings]
