"""The front of a trade between accuracy and cost, and the candidates that matter for a decision."""

from collections.abc import Sequence

import numpy as np

from reports.analysis.recommendation import Candidate, Recommendation

MOST_LEADING = 8


def front(costs: Sequence[float], gains: Sequence[float]) -> list[int]:
    """Indices of the points that no other beats in both, the cheapest first.

    Args:
        costs: lower is better.
        gains: higher is better.
    """
    order = sorted(range(len(costs)), key=lambda i: (costs[i], -gains[i]))
    kept: list[int] = []
    for index in order:
        if not kept or gains[index] > gains[kept[-1]]:
            kept.append(index)
    return kept


def leading(found: Recommendation) -> list[Candidate]:
    """The candidates that matter most, at most `MOST_LEADING`, the most accurate first.

    The one that the decision names, the most accurate, those that no other beats in accuracy and price, and then the
    most accurate of the rest.
    """
    everyone = found.candidates
    priced = [one for one in everyone if not np.isnan(one.price.total)]
    best = front([one.price.total for one in priced], [one.value for one in priced])
    named = found.chosen or found.not_ruled_out or everyone[0]
    ordered = [named, everyone[0], *(priced[index] for index in best), *everyone]
    kept = set(list(dict.fromkeys(map(id, ordered)))[:MOST_LEADING])
    return [one for one in everyone if id(one) in kept]
