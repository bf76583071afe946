"""The verdict of one check of a cell."""

from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import BaseModel

AUDITS = (
    "cached vectors",
    "convergence",
    "decoding",
    "loss gradient",
    "majority baseline",
    "predictions",
    "regularisation",
    "repeated",
    "shuffled labels",
    "splits alike",
    "splits disjoint",
    "truncation",
    "unknown texts",
)
"""Names of the audits, as a suite file's `[acknowledge]` table may give them."""

Severity = Literal["error", "warning", "note"]


class Audit(BaseModel):
    """One validity check of a result.

    Attributes:
        name: of the check.
        passed: whether nothing was found.
        reason: what was looked at and found, in words.
        severity: of a failure. "error": the result may mean nothing; "warning": it means less than it seems to;
            "note": a fact worth knowing.
        acknowledged: why the user accepts a failure, from the suite file's `[acknowledge]` table; else empty. It is
            not stored with a cell but put in when a report is made, so that it can be changed without a new training.
    """

    name: str
    passed: bool
    reason: str
    severity: Severity = "error"
    acknowledged: str = ""

    @property
    def alarms(self) -> bool:
        """Whether a report has to raise an alarm: a failure that is an error and that nobody has acknowledged."""
        return not self.passed and self.severity == "error" and not self.acknowledged


def acknowledge(audits: Iterable[Audit], reasons: Mapping[str, str]) -> list[Audit]:
    """Return copies of the audits; failed ones carry the acknowledgement given for their name, if any."""
    return [
        audit if audit.passed else audit.model_copy(update={"acknowledged": reasons.get(audit.name, "")})
        for audit in audits
    ]
