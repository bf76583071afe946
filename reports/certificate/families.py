"""Claims about the verdicts of a whole report."""

from collections.abc import Callable

import numpy as np

from reports.analysis.accuracy import accuracy
from reports.analysis.comparisons import contrast
from reports.analysis.estimands import Estimand
from reports.analysis.estimates import ALPHA
from reports.analysis.evidence import Evidence
from reports.analysis.primary import Primary, primary
from reports.analysis.verdicts import Verdict
from reports.certificate.claims import Claim
from reports.certificate.worlds import World

CHEAPEST = 0.88
MARGIN = 0.02
SHOWN = {Verdict.BETTER, Verdict.WORSE}

Judge = Callable[[Primary, list[float]], bool]
"""Whether something happened in the verdicts on models with these true accuracies, the cheapest first."""


def claims() -> list[Claim]:
    """All of them."""
    alike = [CHEAPEST] * 6
    one_ahead = [*alike[1:], CHEAPEST + 0.04]
    two_ahead = [*alike[2:], CHEAPEST + 0.04, CHEAPEST + 0.04]
    far_ahead = [*alike[1:], CHEAPEST + 0.06]
    world, large = World(1_000), World(4_000)
    repeats = World(1_000, 5, 0.4, estimand=Estimand.MODEL)
    same, ahead = "6 models alike, one training", "one of 6 ahead by 4 points"
    return [
        _family("verdicts", same, "error: any false one", world, alike, _any_false, 0, 0.06),
        _family("verdicts", "6 models alike, 5 repeats", "error: any false one", repeats, alike, _any_false, 0, 0.06),
        _family("verdicts", ahead, "error: any false one", world, one_ahead, _any_false, 0, 0.06),
        _family("verdicts", same, "coverage: all intervals", world, alike, _all_cover, 0.935, 1),
        _family("verdicts", ahead, "coverage: all intervals", world, one_ahead, _all_cover, 0.935, 1),
        _family("verdicts", ahead, "power: it is better", world, one_ahead, _found, 0.7, 1),
        _holm(ahead, world, one_ahead),
        _family("set of the best", same, "coverage: a given one is in it", world, alike, _holds_last, 0.95, 1),
        _family("set of the best", same, "equally good ones left out (not claimed)", world, alike, _leaves_out, 0, 1),
        _family("set of the best", "two of 6 ahead", "coverage: a given one", world, two_ahead, _holds_last, 0.95, 1),
        _family("set of the best", "one of 6 far ahead", "power: it is alone", world, far_ahead, _alone, 0.7, 1),
        _family(
            "equal within 2 points", "truly 2 apart", "error", large, [CHEAPEST, CHEAPEST + MARGIN], _equal, 0, 0.05
        ),
        _family("equal within 2 points", "no difference", "power", large, [CHEAPEST, CHEAPEST], _equal, 0.7, 1),
        _family("below the majority", "40 against 48 %", "error: any shown", world, [0.4, 0.48], _any_shown, 0, 0.001),
    ]


def _family(
    procedure: str,
    setting: str,
    quantity: str,
    world: World,
    accuracies: list[float],
    judge: Judge,
    low: float,
    high: float,
) -> Claim:
    def simulate(generator: np.random.Generator, replicates: int) -> int:
        return sum(
            judge(_verdicts(world.evidence(world.draw(generator, accuracies))), accuracies) for _ in range(replicates)
        )

    return Claim(procedure, setting, quantity, low, high, simulate, 250)


def _verdicts(evidence: list[Evidence]) -> Primary:
    return primary(evidence, [accuracy(one) for one in evidence], range(1, len(evidence) + 1), MARGIN)


def _truths(found: Primary, accuracies: list[float]) -> list[tuple[Verdict, float, float, float]]:
    """Verdict, true difference and interval of each comparison with the cheapest."""
    ((_, comparisons),) = found.against_cheapest.values()
    return [(c.verdict, accuracies[int(c.first.model[1:])] - accuracies[0], *c.finding.interval) for c in comparisons]


def _any_false(found: Primary, accuracies: list[float]) -> bool:
    return any(
        (verdict is Verdict.BETTER and true <= 0)
        or (verdict is Verdict.WORSE and true >= 0)
        or (verdict is Verdict.EQUAL and abs(true) >= MARGIN)
        for verdict, true, _, _ in _truths(found, accuracies)
    )


def _all_cover(found: Primary, accuracies: list[float]) -> bool:
    return all(low <= true <= high for _, true, low, high in _truths(found, accuracies))


def _found(found: Primary, accuracies: list[float]) -> bool:
    return _truths(found, accuracies)[-1][0] is Verdict.BETTER


def _candidates(found: Primary) -> set[int]:
    (best,) = found.best.values()
    return {int(a.configuration.model[1:]) for a in best.candidates}


def _holds_last(found: Primary, accuracies: list[float]) -> bool:
    """Whether the last model, which is one of the best, is in the set."""
    return len(accuracies) - 1 in _candidates(found)


def _leaves_out(found: Primary, accuracies: list[float]) -> bool:
    return len(_candidates(found)) < len(accuracies)


def _alone(found: Primary, accuracies: list[float]) -> bool:
    return _candidates(found) == {len(accuracies) - 1}


def _equal(found: Primary, accuracies: list[float]) -> bool:
    return _truths(found, accuracies)[0][0] is Verdict.EQUAL


def _any_shown(found: Primary, accuracies: list[float]) -> bool:
    return any(verdict in SHOWN for verdict, _, _, _ in _truths(found, accuracies))


def _holm(setting: str, world: World, accuracies: list[float]) -> Claim:
    """For comparison: Holm's procedure over all pairs, as earlier reports had it."""

    def simulate(generator: np.random.Generator, replicates: int) -> int:
        found = 0
        for _ in range(replicates):
            evidence = world.evidence(world.draw(generator, accuracies))
            last = len(evidence) - 1
            p_values = {
                (i, j): contrast(evidence[j], evidence[i]).p_value for i in range(last) for j in range(i + 1, last + 1)
            }
            stepped = 0.0
            for step, (pair, p) in enumerate(sorted(p_values.items(), key=lambda entry: entry[1])):
                stepped = max(stepped, (len(p_values) - step) * p)
                if pair == (0, last):
                    found += stepped <= ALPHA
        return found

    return Claim("all pairs, Holm (no longer used)", setting, "power: it is better", 0.0, 1.0, simulate, 250)
