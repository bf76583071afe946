"""Speed ratio of two sides that were timed in turns, with its interval."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from reports.analysis.estimates import ALPHA, Interval


def ratio_interval(seconds: Sequence[float], peer_seconds: Sequence[float]) -> Interval:
    """Return the 95 % interval of the geometric mean over turns of the peer's seconds over ours.

    It is Student's t of the logarithms.

    Args:
        seconds: R readings of ours.
        peer_seconds: R readings of the peer, each taken next to ours of the same turn.

    Returns:
        NaN at both ends with fewer than two turns.
    """
    logarithms = np.log(np.asarray(peer_seconds)) - np.log(np.asarray(seconds))
    turns = len(logarithms)
    if turns < 2:
        return Interval(np.nan, np.nan)
    reach = stats.t.isf(ALPHA / 2, turns - 1) * logarithms.std(ddof=1) / np.sqrt(turns)
    return Interval(float(np.exp(logarithms.mean() - reach)), float(np.exp(logarithms.mean() + reach)))
