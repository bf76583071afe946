"""The population that an interval or a verdict speaks of."""

from collections.abc import Sequence
from enum import Enum


class Estimand(Enum):
    """What would be drawn anew if the experiment were repeated; weakest claim first.

    Attributes:
        TRAINING: test rows alone; the claim is about these trained models and no others.
        SEEDS: test rows and seeds, with the same training rows.
        MODEL: test rows, training and validation rows, and seeds; the claim is about the model and its recipe.
    """

    TRAINING = "this training"
    SEEDS = "seeds"
    MODEL = "the model"

    @property
    def covers(self) -> str:
        """The sources of variation in the interval."""
        return _COVERS[self]

    @property
    def claim(self) -> str:
        """The words that limit a verdict to what it covers; follows the verdict's subject."""
        return _CLAIM[self]

    def weaker(self, other: "Estimand") -> "Estimand":
        """The claim that holds for both."""
        return min(self, other, key=list(Estimand).index)


_COVERS = {
    Estimand.TRAINING: "test rows",
    Estimand.SEEDS: "test rows and seeds",
    Estimand.MODEL: "test rows, training rows and seeds",
}
_CLAIM = {
    Estimand.TRAINING: "for these trained models",
    Estimand.SEEDS: "for these training rows, over seeds",
    Estimand.MODEL: "for the models, over training rows and seeds",
}


def estimand(trainings: Sequence[tuple[int, int]]) -> Estimand:
    """What trainings allow a claim about.

    Args:
        trainings: (repeat, seed) of each; repeats draw training and validation rows anew.
    """
    if len({repeat for repeat, _ in trainings}) > 1:
        return Estimand.MODEL
    return Estimand.SEEDS if len({seed for _, seed in trainings}) > 1 else Estimand.TRAINING
