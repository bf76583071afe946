"""Tuning: its budget, and what a trial of it found."""

from typing import Literal

from pydantic import BaseModel, Field, FiniteFloat

Sampler = Literal["random", "tpe"]


class Trial(BaseModel):
    """The outcome of a trial, judged on validation alone; it never sees the test rows.

    Attributes:
        accuracy: on the validation rows, 0..1.
        log_loss: on the validation rows, in nats.
        metric: of validation, higher is better: the one that models are selected by, which is accuracy by default.
        pruned: whether training ended early, since the trial lagged behind half of the earlier ones.
    """

    accuracy: float = Field(ge=0, le=1)
    log_loss: FiniteFloat
    metric: FiniteFloat
    pruned: bool = False


class TuningRecord(BaseModel):
    """The tuning of a run, as `run.json` has it.

    Attributes:
        trials: of each configuration, the default settings counted; None: as many as fit into `seconds`.
        seconds: of training, of each configuration; None: no limit.
        sampler: how settings are drawn.
        searches: for each configuration, the ids of its trials' cells, in order.
    """

    trials: int | None
    seconds: float | None
    sampler: Sampler
    searches: list[list[str]]
