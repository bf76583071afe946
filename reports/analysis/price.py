"""Monthly cost of a candidate: training, labelling and, where the user priced them, mistakes."""

from dataclasses import dataclass

import numpy as np

TEXTS_PER_MONTH = 1_000_000.0
RETRAIN_PER_MONTH = 1.0


@dataclass(frozen=True)
class Terms:
    """Volumes of labelling and training, and their prices.

    Attributes:
        price_per_hour: of the machine; None counts machine hours instead of money.
        texts_per_month: labelled.
        retrain_per_month: trainings.
        cost_per_error: of a text that is labelled wrong; None leaves mistakes out.
    """

    price_per_hour: float | None = None
    texts_per_month: float = TEXTS_PER_MONTH
    retrain_per_month: float = RETRAIN_PER_MONTH
    cost_per_error: float | None = None

    @property
    def unit(self) -> str:
        """The unit of all prices."""
        return "machine hours" if self.price_per_hour is None else "in the currency of the price"


@dataclass(frozen=True)
class Price:
    """Cost of a month; NaN where it was not measured.

    Attributes:
        training: of all trainings of the month.
        labelling: of one text.
        mistakes: of one text, on average; 0 where mistakes have no price.
        texts: labelled in the month.
    """

    training: float
    labelling: float
    mistakes: float
    texts: float

    @property
    def machine(self) -> float:
        """The price without mistakes."""
        return self.training + self.labelling * self.texts

    @property
    def total(self) -> float:
        """The price with mistakes."""
        return self.machine + self.mistakes * self.texts


def price(fit_seconds: float, texts_per_second: float, error_rate: float, terms: Terms) -> Price:
    """The price of a month.

    Args:
        fit_seconds: of one training.
        texts_per_second: from text to label.
        error_rate: share of the texts labelled wrong.
        terms: prices and volume.
    """
    hour = 1.0 if terms.price_per_hour is None else terms.price_per_hour
    return Price(
        training=terms.retrain_per_month * fit_seconds / 3600 * hour,
        labelling=hour / 3600 / texts_per_second,
        mistakes=0.0 if terms.cost_per_error is None else error_rate * terms.cost_per_error,
        texts=terms.texts_per_month,
    )


def pays_from(chosen: Price, other: Price) -> float:
    """Texts a month from which `other` costs less in total; infinite where there are none, NaN where not measured."""
    fixed, saved = _fixed_and_saved(chosen, other)
    if np.isnan(fixed) or np.isnan(saved):
        return float("nan")
    if saved <= 0:
        return float("inf")
    return max(fixed / saved, 0.0)


def pays_below(chosen: Price, other: Price) -> float:
    """Texts a month below which `other` costs less in total, as its training is cheaper; 0 where there are none."""
    fixed, saved = _fixed_and_saved(chosen, other)
    return fixed / saved if fixed < 0 and saved < 0 else 0.0


def _fixed_and_saved(chosen: Price, other: Price) -> tuple[float, float]:
    """What training `other` costs more in a month, and what it saves on a text."""
    return (
        other.training - chosen.training,
        chosen.labelling + chosen.mistakes - other.labelling - other.mistakes,
    )


def error_cost_to_pay(chosen: Price, other: Price, fewer_errors: float) -> float:
    """Cost of a mistake from which `other` costs less in total, at the month's volume; infinite where it never does.

    Args:
        chosen: the cheaper one.
        other: the other one.
        fewer_errors: share of the texts that `other` labels right and `chosen` wrong, less the reverse.
    """
    if np.isnan(chosen.machine) or np.isnan(other.machine):
        return float("nan")
    dearer = other.machine - chosen.machine
    if dearer <= 0:
        return 0.0
    return dearer / (fewer_errors * chosen.texts) if fewer_errors > 0 else float("inf")
