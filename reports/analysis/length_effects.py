"""Does another loss than cross-entropy help, and does it act on the lengths where it claims to?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from reports import formats
from reports.analysis.evidence import Evidence
from reports.analysis.resampling import ALPHA, RNG_SEED, Estimate, Statistic
from reports.analysis.results import REFERENCE_LOSS, FloatArray
from reports.analysis.statistics import Comparison, compare, difference, holm, paired_by_seed
from reports.formats import Interval

ENUMERATED_SEEDS = 12
"""Seeds up to which all 2^S sign flips are tried, rather than a sample of them."""


@dataclass(frozen=True)
class BucketEffect:
    """The effect within one length bucket.

    Attributes:
        shortest, longest: words; the bucket holds lengths above `shortest`, up to `longest`.
        rows: test rows in it.
        effect: accuracy with the other loss less that with cross-entropy; NaN without rows.
    """

    shortest: float
    longest: float
    rows: int
    effect: Estimate


@dataclass(frozen=True)
class LengthEffect:
    """One loss against cross-entropy, for one model, its parameters and training size.

    Attributes:
        comparison: the other loss first, cross-entropy second; corrected for the number of such comparisons.
        buckets: the effect by length, shortest texts first.
        gap: the effect in the longest bucket less that in the shortest; NaN where one has no rows.
        gap_p_corrected: of no gap, corrected for the number of gaps.
        seeds: differences over seeds, if both sides ran with the same ones and depend on them.
    """

    comparison: Comparison
    buckets: tuple[BucketEffect, ...]
    gap: Estimate
    gap_p_corrected: float
    seeds: "SeedTest | None"

    @property
    def verdict(self) -> str:
        """One sentence that says what the figures do, and no more."""
        return f"{self._overall}; {self._by_length}."

    @property
    def _overall(self) -> str:
        comparison = self.comparison
        loss, reference = comparison.first.loss, comparison.second.loss
        if comparison.identical:
            return f"{loss} changes nothing: it is right on the very same test rows as {reference}"
        found = _with_interval(comparison.difference, comparison.interval, comparison.p_corrected)
        if not comparison.significant:
            limit = formats.points(comparison.detectable, signed=False)
            return f"{loss} against {reference}: no effect larger than {limit} points could be seen ({found})"
        return f"{loss} {'helps' if comparison.difference > 0 else 'hurts'} against {reference} ({found})"

    @property
    def _by_length(self) -> str:
        if np.isnan(self.gap.standard_error):
            return "there are too few test rows to compare long texts with short ones"
        gap = _with_interval(self.gap.value, self.gap.interval, self.gap_p_corrected)
        if self.gap_p_corrected >= ALPHA:
            return f"its effect is not seen to differ between the longest and the shortest texts ({gap})"
        return f"the longest texts gain {'more' if self.gap.value > 0 else 'less'} from it than the shortest ({gap})"


@dataclass(frozen=True)
class SeedTest:
    """A sign-flip test over seeds alone: would other seeds show the same effect?

    Attributes:
        seeds: how many differ between the two losses.
        p_value: exact; None where even the clearest outcome of so few seeds could not be significant.
    """

    seeds: int
    p_value: float | None

    @property
    def seeds_needed(self) -> int:
        """Seeds from which the test can be significant: the smallest S with 2 / 2^S below the level."""
        return int(np.ceil(np.log2(2 / ALPHA)))


def length_effects(evidence: Sequence[Evidence]) -> tuple[LengthEffect, ...]:
    """Every configuration with another loss than cross-entropy against the same one with cross-entropy."""
    references = {e.configuration.contender: e for e in evidence if e.configuration.loss_name == REFERENCE_LOSS}
    pairs = [
        (e, references[e.configuration.contender])
        for e in evidence
        if e.configuration.loss_name != REFERENCE_LOSS and e.configuration.contender in references
    ]
    gaps = [_gap(*pair) for pair in pairs]
    known = [not np.isnan(gap.standard_error) for gap in gaps]
    corrected = iter(holm([gap.p_value for gap, is_known in zip(gaps, known, strict=True) if is_known]))
    return tuple(
        LengthEffect(
            comparison=comparison,
            buckets=_buckets(*pair),
            gap=gap,
            gap_p_corrected=next(corrected) if is_known else np.nan,
            seeds=_seed_test(*pair),
        )
        for pair, comparison, gap, is_known in zip(pairs, compare(pairs), gaps, known, strict=True)
    )


def sign_flip_test(differences: FloatArray) -> SeedTest:
    """Whether `differences` (S,), one for each seed, are symmetric around zero (Fisher's randomisation test)."""
    differing = differences[differences != 0]
    test = SeedTest(len(differing), None)
    if len(differing) < test.seeds_needed:
        return test
    outcome = stats.permutation_test(
        (differing,),
        np.mean,
        permutation_type="samples",
        vectorized=True,
        n_resamples=2 ** min(len(differing), ENUMERATED_SEEDS),
        rng=np.random.default_rng(RNG_SEED),
    )
    return SeedTest(len(differing), float(outcome.pvalue))


def _seed_test(alternative: Evidence, reference: Evidence) -> SeedTest | None:
    if not paired_by_seed(alternative, reference) or alternative.accuracy.seeds == 1:
        return None
    return sign_flip_test(alternative.accuracy.observed - reference.accuracy.observed)


def _gap(alternative: Evidence, reference: Evidence) -> Estimate:
    return difference(alternative, reference, lambda evidence: evidence.buckets[-1] - evidence.buckets[0])


def _buckets(alternative: Evidence, reference: Evidence) -> tuple[BucketEffect, ...]:
    edges = [0.0, *alternative.configuration.cells[0].length_edges, np.inf]
    return tuple(
        BucketEffect(edges[index], edges[index + 1], rows, difference(alternative, reference, _bucket(index)))
        for index, rows in enumerate(alternative.bucket_rows)
    )


def _bucket(index: int) -> Callable[[Evidence], Statistic]:
    return lambda evidence: evidence.buckets[index]


def _with_interval(value: float, interval: Interval, p_corrected: float) -> str:
    """The figures behind a finding, and why it is one, or is none, where the interval alone would say otherwise."""
    found = f"{formats.points(value)} points, 95 % interval {formats.between(interval)}"
    low, high = interval
    if (low > 0 or high < 0) == (p_corrected < ALPHA):
        return found
    return f"{found}; p {formats.p_value(p_corrected)} after Holm's correction"
