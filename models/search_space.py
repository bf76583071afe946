"""The values that tuning tries for a parameter of a model."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """Numbers from `low` to `high`, drawn evenly, or evenly by their logarithms.

    Attributes:
        low, high: the ends, both included; whole numbers if both ends are.
        log: whether the logarithm is drawn evenly, as for a learning rate.
    """

    low: float
    high: float
    log: bool = False

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are drawn."""
        return isinstance(self.low, int) and isinstance(self.high, int)


@dataclass(frozen=True)
class OneOf:
    """A few values, each as likely as the next."""

    values: tuple[bool | int | float | str | None, ...]


SearchSpace = Mapping[str, Interval | OneOf]
"""Parameter -> values to try."""
