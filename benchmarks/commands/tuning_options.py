"""Options of the search for settings."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

from benchmarks.config.suite import Tuning
from benchmarks.errors import UsageError
from benchmarks.registry.installed import is_installed


class SamplerChoice(StrEnum):
    """Values of --sampler."""

    RANDOM = "random"
    TPE = "tpe"


@dataclass(frozen=True)
class TuningOptions:
    """The budget of tuning; without one, the suite's."""

    trials: Annotated[
        int | None,
        typer.Option(min=1, max=1_000, metavar="N", help="Try N settings of each model, chosen on validation."),
    ] = None
    tune_seconds: Annotated[
        float | None,
        typer.Option(
            min=0.001,
            max=1e8,
            metavar="SECONDS",
            help="Try settings until they took SECONDS of training.",
        ),
    ] = None
    sampler: Annotated[
        SamplerChoice | None, typer.Option(help="How settings are drawn. Default: random, or the suite's.")
    ] = None

    def applied_to(self, tuning: Tuning | None) -> Tuning | None:
        """Return the suite's tuning, changed by these options.

        Raises:
            UsageError: the options contradict each other, or Optuna is not installed.
        """
        if self.trials is not None and self.tune_seconds is not None:
            raise UsageError(
                "tuning is limited by trials or by seconds: give one of the two", option="trials", value=self.trials
            )
        sampler = self.sampler.value if self.sampler else tuning.sampler if tuning else "random"
        if self.trials is not None or self.tune_seconds is not None:
            return _checked(Tuning(trials=self.trials, seconds=self.tune_seconds, sampler=sampler))
        if tuning is None:
            if self.sampler is not None:
                raise UsageError(
                    "without a number of trials or of seconds nothing is tuned", option="sampler", value=sampler
                )
            return None
        return _checked(tuning.model_copy(update={"sampler": sampler}))


def _checked(tuning: Tuning) -> Tuning:
    if not is_installed("optuna"):
        raise UsageError("tuning needs Optuna: pip install -e '.[tune]'")
    return tuning
