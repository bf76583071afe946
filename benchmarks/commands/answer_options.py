"""Options of `predict` that say how sure an answer must be, and whose probabilities are written."""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.inference.saved import Saved

log = logging.getLogger(__package__)


@dataclass(frozen=True)
class AnswerOptions:
    """Calibrated or own probabilities, and the confidence below which a text is left to a person."""

    raw: Annotated[
        bool, typer.Option("--raw", help="Write the model's own probabilities, not the calibrated ones.")
    ] = False
    min_accuracy: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="Answer only where validation shows this share to be right, such as 0.98; the rest is 'uncertain'.",
        ),
    ] = None
    abstain_below: Annotated[
        float | None,
        typer.Option(metavar="P", help="Answer 'uncertain' where the label's probability is below P."),
    ] = None

    def check(self) -> None:
        """Check that shares are in (0, 1) and that no two options exclude each other.

        Raises:
            UsageError: one of these checks fails.
        """
        for option in ("min_accuracy", "abstain_below"):
            value = getattr(self, option)
            if value is not None and not 0 < value < 1:
                raise UsageError("not a share (choices: a number between 0 and 1)", option=option, value=value)
        if self.min_accuracy is not None and self.abstain_below is not None:
            detail = "--abstain-below sets the probability that --min-accuracy chooses: give one of the two"
            raise UsageError(detail, option="min_accuracy", value=self.min_accuracy)
        if self.min_accuracy is not None and self.raw:
            raise UsageError(
                "chosen by calibrated probabilities: leave out --raw", option="min_accuracy", value=self.min_accuracy
            )

    def least(self, saved: "Saved") -> float:
        """Return the probability below which a text is uncertain (0: none is), and log its effect on validation.

        Raises:
            UsageError: validation does not show the accuracy, or a class is named as uncertain texts are.
        """
        from benchmarks.inference.predict import UNCERTAIN

        if saved.calibration is None and not self.raw:
            log.warning(
                "the model was saved without its calibration, so probabilities are its own: run the suite again"
            )
        if self.min_accuracy is None and self.abstain_below is None:
            return 0.0
        if UNCERTAIN in saved.classes:
            option = "abstain_below" if self.min_accuracy is None else "min_accuracy"
            detail = f"a class of the model is named {UNCERTAIN!r}, as texts without an answer are"
            raise UsageError(detail, option=option, value=getattr(self, option))
        if self.min_accuracy is None:
            return self.abstain_below or 0.0
        least = saved.confidence_for(self.min_accuracy)
        calibration = saved.calibration
        if calibration is not None:
            answered = max(n for n, c in zip(calibration.answered, calibration.confidences, strict=True) if c >= least)
            log.info(
                "answers with a probability of %.4g or more; on validation these were %s of %s texts",
                least,
                f"{answered:,}",
                f"{calibration.rows:,}",
            )
        return least
