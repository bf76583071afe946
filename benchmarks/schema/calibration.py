"""Calibration of a model's probabilities on validation, as stored in `result.json` and `saved.json`."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, PositiveInt, model_validator

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Calibration(BaseModel):
    """Temperature scaling fitted on the validation rows, and how often the model is right there above a confidence.

    The confidence of a text is the calibrated probability of its predicted class. The points let `predict` find the
    confidence from which a wanted accuracy is shown, without the validation rows.

    Attributes:
        temperature: divides the logarithms of the model's probabilities.
        rows: validation rows.
        log_loss_before, log_loss_after: on validation, in nats, of the model's own and of calibrated probabilities.
        confidences: of the points, falling.
        answered: rows with at least that confidence, by point.
        right: of these, how many are predicted right.
        design_effect: rows that carry as much information as one independent row; above 1 where rows come in groups.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    rows: PositiveInt
    log_loss_before: FiniteFloat
    log_loss_after: FiniteFloat
    confidences: tuple[Share, ...] = ()
    answered: tuple[PositiveInt, ...] = ()
    right: tuple[Annotated[int, Field(ge=0)], ...] = ()
    design_effect: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 1.0

    @model_validator(mode="after")
    def _check_points(self) -> Self:
        if not len(self.confidences) == len(self.answered) == len(self.right):
            raise ValueError("as many confidences as counts of rows")
        return self
