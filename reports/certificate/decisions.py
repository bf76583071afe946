"""Rate at which `recommend` is right, on simulated runs whose best candidate is known.

`python -m reports.certificate.decisions --runs 1000` prints the table of docs/explanation/deciding.md.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from reports.analysis.decision import Judged, Standing, judge
from reports.analysis.estimands import Estimand
from reports.certificate.worlds import World

SEED = 20
CANDIDATES = 6
TOLERANCE = 0.01
LOW, HIGH = 0.85, 0.91
"""Range of the true accuracies, drawn uniformly for each run; the price of a candidate is its number."""


class Outcome(Enum):
    """The recommended candidate."""

    CHEAPEST = "the cheapest that is good enough"
    DEARER = "a good one, but not the cheapest"
    NONE = "none, since nothing is shown"
    WRONG = "one that is not good enough"


@dataclass(frozen=True)
class Setting:
    """A kind of simulated runs.

    Attributes:
        name: in the table.
        world: test rows and trainings.
        at_limit: whether every candidate but the best is just beyond the tolerance, the worst case for a false claim.
    """

    name: str
    world: World
    at_limit: bool = False

    def accuracies(self, generator: np.random.Generator) -> list[float]:
        """The true ones of a run."""
        if self.at_limit:
            return [HIGH - TOLERANCE - 1e-9] * (CANDIDATES - 1) + [HIGH]
        return list(generator.uniform(LOW, HIGH, CANDIDATES))


SETTINGS = (
    Setting("2,500 test texts, one training", World(2_500)),
    Setting("10,000 test texts, one training", World(10_000)),
    Setting("25,000 test texts, one training", World(25_000)),
    Setting("10,000 test texts, 5 repeats that vary by 0.3 points", World(10_000, 5, 0.3, estimand=Estimand.MODEL)),
    Setting(
        "10,000 test texts, one training, all but the best just beyond the tolerance", World(10_000), at_limit=True
    ),
)


@dataclass(frozen=True)
class Tally:
    """Outcomes of simulated runs.

    Attributes:
        runs: how many.
        outcomes: of the recommendation.
        false_good: runs in which any candidate was falsely called good enough.
        false_bad: runs in which any was falsely called not good enough.
    """

    runs: int
    outcomes: Counter[Outcome]
    false_good: int
    false_bad: int

    def share(self, outcome: Outcome) -> float:
        """Return the share of the runs with this outcome."""
        return self.outcomes[outcome] / self.runs


def simulate(setting: Setting, runs: int) -> Tally:
    """Decide simulated runs, with random numbers that depend on the setting alone."""
    generator = np.random.default_rng([SEED, *setting.name.encode()])
    outcomes: Counter[Outcome] = Counter()
    false_good = false_bad = 0
    for _ in range(runs):
        true = setting.accuracies(generator)
        evidence = setting.world.evidence(setting.world.draw(generator, true))
        judged = judge(evidence, TOLERANCE)
        good = [accuracy >= max(true) - TOLERANCE for accuracy in true]
        outcomes[_outcome(judged, good)] += 1
        standings = [one.standing for one in judged]
        false_good += any(s is Standing.GOOD_ENOUGH and not g for s, g in zip(standings, good, strict=True))
        false_bad += any(s is Standing.NOT_GOOD_ENOUGH and g for s, g in zip(standings, good, strict=True))
    return Tally(runs, outcomes, false_good, false_bad)


def table(tallies: Sequence[tuple[Setting, Tally]]) -> str:
    """The outcomes in Markdown, in percent."""
    head = [
        "simulated runs",
        *(outcome.value for outcome in Outcome),
        "any false “good enough”",
        "any false “not good enough”",
    ]
    rows = [head, ["---"] * len(head)]
    for setting, tally in tallies:
        shares = [tally.share(outcome) for outcome in Outcome]
        shares += [tally.false_good / tally.runs, tally.false_bad / tally.runs]
        rows.append([setting.name, *(f"{100 * share:.1f} %" for share in shares)])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _outcome(judged: Sequence[Judged], good: Sequence[bool]) -> Outcome:
    named = next((number for number, one in enumerate(judged) if one.standing is Standing.GOOD_ENOUGH), None)
    if named is None:
        return Outcome.NONE
    if not good[named]:
        return Outcome.WRONG
    return Outcome.CHEAPEST if named == good.index(True) else Outcome.DEARER


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m reports.certificate.decisions", description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000, help="simulated runs of each setting")
    runs = parser.parse_args(arguments).runs
    print(table([(setting, simulate(setting, runs)) for setting in SETTINGS]), end="")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
