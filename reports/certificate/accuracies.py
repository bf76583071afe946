"""Claims about accuracies and about the difference of two models."""

import numpy as np

from reports.analysis.accuracy import accuracy
from reports.analysis.comparisons import contrast
from reports.analysis.estimands import Estimand
from reports.analysis.estimates import ALPHA
from reports.analysis.paired import difference_interval, mid_p
from reports.analysis.planning import Plan
from reports.certificate.claims import Claim
from reports.certificate.worlds import World

TRUE = 0.9
"""Accuracy of the simulated models."""

ALIKE = 0.15
"""Share of the variance of difficulty within films of rows that are alike in part: a design effect of 2 to 5."""


def claims() -> list[Claim]:
    """All of them."""
    found = [
        _mcnemar("2,500 test rows, 8 % discordant, no difference", "error", 2_500, 0.08, 0.0, 0.03, 0.055),
        _mcnemar("200 test rows, 2 % discordant, no difference", "error", 200, 0.02, 0.0, 0.0, 0.055),
        _mcnemar("2,500 test rows, 8 % discordant, 1.5 points", "coverage", 2_500, 0.08, 0.015, 0.94, 0.965),
        _mcnemar("200 test rows, 2 % discordant, 1 point", "coverage", 200, 0.02, 0.01, 0.93, 1.0),
    ]
    detectable = Plan(2_500).detectable
    setting = f"2,500 test rows, 8 % discordant, the {100 * detectable:.2f} points that a plan announces"
    found.append(_mcnemar(setting, "power", 2_500, 0.08, detectable, 0.77, 0.83))
    for trainings, deviation in ((3, 0.0), (3, 0.8), (5, 0.2), (5, 0.8)):
        world = World(1_000, trainings, deviation, estimand=Estimand.MODEL)
        found.append(_pair(f"{trainings} repeats, {deviation:g} points between trainings", world, 0.0, 0.0, 0.07))
    found += [
        _pair("2 repeats, 0.8 points between trainings", World(1_000, 2, 0.8, estimand=Estimand.MODEL), 0.0, 0.0, 0.07),
        _pair("3 seeds, 0.5 points between seeds", World(1_000, 3, 0.5, estimand=Estimand.SEEDS), 0.0, 0.0, 0.07),
        _pair(
            "5 repeats, 0.4 points between trainings, 3 points",
            World(1_000, 5, 0.4, estimand=Estimand.MODEL),
            0.03,
            0.85,
            1,
        ),
        _pair("films of 10 rows", World(1_000, 1, group=10), 0.0, 0.0, 0.065),
        _pair("12 films of 80 rows that are alike in part", World(960, group=80, alike=ALIKE), 0.0, 0.0, 0.065),
        _misread("one training each, 0.2 points between trainings", World(2_500, 1, 0.2), 0.05, 0.2),
        _misread("one training each, 0.8 points between trainings", World(2_500, 1, 0.8), 0.25, 0.6),
        _single("one training, independent rows", World(500), 0.935, 0.97),
        _single("one training, films of 10 rows", World(1_000, group=10), 0.93, 0.97),
        _single(
            "one training, 12 films of 80 rows that are alike in part", World(960, group=80, alike=ALIKE), 0.92, 0.98
        ),
        _single(
            "one training, 7 films of 30 rows that are alike in part", World(210, group=30, alike=ALIKE), 0.92, 1.0
        ),
        _single("one training, 7 films of 30 independent rows", World(210, group=30, alike=0.0), 0.95, 1.0),
        _single("3 repeats, 0.5 points between trainings", World(1_000, 3, 0.5, estimand=Estimand.MODEL), 0.93, 0.98),
        _single("5 repeats, films of 10 rows", World(1_000, 5, 0.5, 10, Estimand.MODEL), 0.93, 0.97),
    ]
    return found


def _mcnemar(
    setting: str, quantity: str, rows: int, discordant: float, difference: float, low: float, high: float
) -> Claim:
    """Mid-p McNemar and its interval, with random numbers of discordant rows."""

    def simulate(generator: np.random.Generator, replicates: int) -> int:
        first, second = (discordant + difference) / 2, (discordant - difference) / 2
        counts = generator.multinomial(rows, [first, second, 1 - discordant], size=replicates)
        if quantity == "coverage":
            least, most = difference_interval(counts[:, 0], counts[:, 1], rows, ALPHA)
            return int(((least <= difference) & (difference <= most)).sum())
        return int((mid_p(counts[:, 0], counts[:, 1]) <= ALPHA).sum())

    return Claim("difference of two trained models", setting, quantity, low, high, simulate, 20_000)


def _pair(setting: str, world: World, difference: float, low: float, high: float) -> Claim:
    """Rate at which two models are told apart, where trainings or groups of rows vary."""

    def simulate(generator: np.random.Generator, replicates: int) -> int:
        found = 0
        for _ in range(replicates):
            first, second = world.evidence(world.draw(generator, [TRUE, TRUE - difference]))
            found += contrast(first, second).p_value <= ALPHA
        return found

    what = "difference of two trained models" if world.trainings == 1 else "difference of two models"
    return Claim(what, setting, "power" if difference else "error", low, high, simulate, 1_000)


def _misread(setting: str, world: World, low: float, high: float) -> Claim:
    """The claim that the report refuses: a test of two trainings read as a test of their models."""

    def simulate(generator: np.random.Generator, replicates: int) -> int:
        found = 0
        for _ in range(replicates):
            first, second = (own[0] for own in world.draw(generator, [TRUE, TRUE]))
            found += bool(mid_p(np.sum(first & ~second), np.sum(second & ~first)) <= ALPHA)
        return found

    return Claim("one training read as the model (refused)", setting, "error", low, high, simulate, 1_000)


def _single(setting: str, world: World, low: float, high: float) -> Claim:
    """Coverage of the interval of an accuracy."""

    def simulate(generator: np.random.Generator, replicates: int) -> int:
        found = 0
        for _ in range(replicates):
            (own,) = world.evidence(world.draw(generator, [TRUE]))
            interval = accuracy(own).interval
            found += interval.low <= TRUE <= interval.high
        return found

    return Claim("accuracy", setting, "coverage", low, high, simulate, 1_000)
