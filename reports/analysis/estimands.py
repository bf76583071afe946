"""The population that an interval or a verdict speaks of."""

from collections.abc import Sequence
from enum import Enum

MOST_SHARED = 0.5
"""Share of training rows that repeats may have in common for a claim about the model."""


class Estimand(Enum):
    """The quantities drawn anew in a repetition of the experiment; weakest claim first.

    Attributes:
        TRAINING: test rows alone; the claim is about these trained models and no others.
        SEEDS: test rows and seeds, with the same training rows.
        OVERLAPPING: test rows, seeds, and training rows of which any two repeats share most, so that the variance from
            training rows is seen in part only.
        MODEL: test rows, training and validation rows, and seeds; the claim is about the model and its recipe.
    """

    TRAINING = "this training"
    SEEDS = "seeds"
    OVERLAPPING = "overlapping training rows"
    MODEL = "the model"

    @property
    def covers(self) -> str:
        """The sources of variation in the interval."""
        return _COVERS[self]

    @property
    def claim(self) -> str:
        """The words that limit a verdict to what it covers; follows the verdict's subject."""
        return _CLAIM[self]

    @property
    def redraws(self) -> bool:
        """Whether trainings differ in their training rows."""
        return self in {Estimand.OVERLAPPING, Estimand.MODEL}

    def weaker(self, other: "Estimand") -> "Estimand":
        """The claim that holds for both."""
        return min(self, other, key=list(Estimand).index)


_COVERS = {
    Estimand.TRAINING: "test rows",
    Estimand.SEEDS: "test rows and seeds",
    Estimand.OVERLAPPING: "test rows, seeds and part of the variation of training rows",
    Estimand.MODEL: "test rows, training rows and seeds",
}
_CLAIM = {
    Estimand.TRAINING: "for these trained models",
    Estimand.SEEDS: "for these training rows, over seeds",
    Estimand.OVERLAPPING: "for the models, over seeds and overlapping training rows",
    Estimand.MODEL: "for the models, over training rows and seeds",
}


def estimand(trainings: Sequence[tuple[int, int]], shared: float = 0.0) -> Estimand:
    """The estimand that the trainings support.

    Args:
        trainings: (repeat, seed) of each; repeats draw training and validation rows anew.
        shared: share of its training rows that a repeat has in common with another one on average: training rows over
            the rows that they are drawn from. The variance over such repeats is about 1 - `shared` of that over
            independent training samples, as in sampling from a finite population (Cochran 1977, "Sampling Techniques",
            section 2.6).
    """
    if len({repeat for repeat, _ in trainings}) > 1 and shared < 1:
        return Estimand.MODEL if shared <= MOST_SHARED else Estimand.OVERLAPPING
    return Estimand.SEEDS if len({seed for _, seed in trainings}) > 1 else Estimand.TRAINING
