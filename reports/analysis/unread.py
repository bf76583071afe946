"""Models that never read much of the texts, and do worse on long ones: truncation may have cost them their place."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports import formats
from reports.analysis.estimates import estimate
from reports.analysis.evidence import Evidence
from reports.analysis.family import sidak
from reports.analysis.results import REFERENCE_LOSS, Configuration

LITTLE = 0.1
"""Share of unread tokens below which no sentence mentions them."""


@dataclass(frozen=True)
class Unread:
    """A model that may have lost accuracy by truncation.

    Attributes:
        configuration: what was run.
        tokens: share of the test texts' tokens that it never read.
        longest, shortest: its accuracy on the longest and on the shortest texts.
    """

    configuration: Configuration
    tokens: float
    longest: float
    shortest: float

    @property
    def sentence(self) -> str:
        """The finding as a sentence."""
        c = self.configuration
        return (
            f"Exploratory: {c.model}, {c.train_size:,} training texts, never read {formats.percent(self.tokens)} of "
            f"all tokens, and is right on {formats.percent(self.longest)} of the longest texts, on "
            f"{formats.percent(self.shortest)} of the shortest. To read more of long texts, or other parts of them, "
            f"may change its place{self._hint}."
        )

    @property
    def _hint(self) -> str:
        name, parameters = self.configuration.model_name, self.configuration.model_params
        if parameters.get("truncation") == "head":
            return f" (--set {name}.truncation=head,head_tail runs it both ways)"
        if "max_length" in parameters:
            return f" (--set {name}.max_length=N reads more)"
        return ""


def unread(evidence: Sequence[Evidence]) -> tuple[Unread, ...]:
    """Models that truncation cut much from and that do worse on the longest texts than on the shortest; exploratory.

    One for each model and training size, with the reference loss if it ran. Worse means that the 95 % interval of the
    gap, widened for all gaps that are looked at, lies below zero.
    """
    cut = [e for e in _one_loss(evidence) if _tokens(e) >= LITTLE]
    gaps = [(e, gap) for e in cut if not np.isnan((gap := estimate(e.gap)).standard_error)]
    level = sidak(len(gaps))
    return tuple(
        Unread(e.configuration, _tokens(e), *(float(e.within(end).values.mean()) for end in (-1, 0)))
        for e, gap in gaps
        if gap.interval_at(level).high < 0
    )


def _one_loss(evidence: Sequence[Evidence]) -> list[Evidence]:
    chosen: dict[tuple[str, int, str, str], Evidence] = {}
    for one in sorted(evidence, key=lambda e: e.configuration.loss_name != REFERENCE_LOSS):
        chosen.setdefault(one.configuration.contender, one)
    return list(chosen.values())


def _tokens(evidence: Evidence) -> float:
    return float(np.mean([cell.truncation.get("tokens_cut", 0.0) for cell in evidence.configuration.cells]))
