"""A cascade of trained models, as `saved.json` and `result.json` hold it."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, model_validator

from benchmarks.schema.calibration import Share

Aim = Literal["cost", "accuracy"]
"""Of the thresholds. "cost": the least cost at which a cascade is no less accurate on validation than its last stage.
"accuracy": the highest accuracy on validation. With another metric of the run, that takes the place of accuracy."""

Answer = Literal["last", "mean"]
"""The probabilities of a text: those of the last stage that read it, or the mean of all stages that read it."""

AIMS: tuple[Aim, ...] = ("cost", "accuracy")
ANSWERS: tuple[Answer, ...] = ("last", "mean")

JOINT = "->"
"""Stands between the names of the stages in the name of a cascade."""


class Cascade(BaseModel):
    """When a text is passed on from one stage to the next, and what the answer is.

    A text is passed on if the highest probability of the answer so far, calibrated, is at most the stage's threshold: 0
    passes on nothing, 1 everything.

    Attributes:
        thresholds: of every stage but the last.
        answer: whose probabilities count.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    thresholds: Annotated[tuple[Share, ...], Field(min_length=1)]
    answer: Answer


class CascadeRecord(BaseModel):
    """A cascade, and the texts that its stages read.

    Attributes:
        aim: that the thresholds were chosen for.
        chosen: thresholds and answer, chosen on validation.
        valid_rows: validation texts that each stage read; all of them at the first stage.
        valid_accuracy: of the cascade on validation.
        last_accuracy: of the last stage alone on validation.
        test_rows: test texts that each stage read.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    aim: Aim
    chosen: Cascade
    valid_rows: tuple[NonNegativeInt, ...]
    valid_accuracy: Share
    last_accuracy: Share
    test_rows: tuple[NonNegativeInt, ...]

    @model_validator(mode="after")
    def _check_stages(self) -> Self:
        if not len(self.valid_rows) == len(self.test_rows) == len(self.chosen.thresholds) + 1:
            raise ValueError("one threshold for each stage but the last, and a count of texts for each")
        if not (self.valid_rows[0] and self.test_rows[0]):
            raise ValueError("the first stage reads every text, and there are some")
        return self
