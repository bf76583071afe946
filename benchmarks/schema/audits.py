"""The verdict of one check of a cell."""

from pydantic import BaseModel


class Audit(BaseModel):
    """One check that could have found the result meaningless."""

    name: str
    passed: bool
    reason: str
