"""A claim of the report's statistics that a simulation checks."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

SEED = 26
"""Of the published table; each claim draws from a stream of its own."""

ALLOWED = 3.0
"""Standard errors of the simulation by which an observed share may miss its range."""


@dataclass(frozen=True)
class Claim:
    """A share that a simulation observes, and the range in which it must lie.

    Attributes:
        procedure: the statistic or verdict.
        setting: the data that are simulated.
        quantity: "error", "coverage" or "power", and of what.
        low: smallest share that the claim allows.
        high: largest.
        simulate: (random generator, replicates) -> the number of replicates in which it happened.
        replicates: of the short run; the long run has several times as many.
    """

    procedure: str
    setting: str
    quantity: str
    low: float
    high: float
    simulate: Callable[[np.random.Generator, int], int]
    replicates: int

    @property
    def key(self) -> str:
        """A name that no other claim has."""
        return f"{self.procedure}; {self.setting}; {self.quantity}"

    @property
    def range(self) -> str:
        """The allowed range in words."""
        if self.low == 0:
            return f"at most {self.high:g}"
        return f"at least {self.low:g}" if self.high == 1 else f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Observed:
    """The outcome of a simulation.

    Attributes:
        claim: what was simulated.
        share: of the replicates in which it happened.
        replicates: how many there were.
    """

    claim: Claim
    share: float
    replicates: int

    @property
    def holds(self) -> bool:
        """Whether the share lies in the claim's range, but for the error of the simulation."""
        error = np.sqrt(max(self.share * (1 - self.share), 1 / self.replicates) / self.replicates)
        return bool(self.claim.low - ALLOWED * error <= self.share <= self.claim.high + ALLOWED * error)

    @property
    def text(self) -> str:
        """The share with its standard error."""
        error = np.sqrt(self.share * (1 - self.share) / self.replicates)
        return f"{self.share:.3f} ± {error:.3f}"


def observe(claim: Claim, seed: int = SEED, times: int = 1) -> Observed:
    """Simulate a claim.

    Args:
        claim: what to simulate.
        seed: of the random numbers; the claim's name enters, so that claims are independent.
        times: how many times as many replicates as in the short run.
    """
    generator = np.random.default_rng([seed, times, *claim.key.encode()])
    replicates = claim.replicates * times
    return Observed(claim, claim.simulate(generator, replicates) / replicates, replicates)
