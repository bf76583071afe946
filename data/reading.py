"""Settings for reading tables: columns, labels and splits. Unset ones are recognised from the table and noted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Literal

from data.errors import DataError
from data.label_map import LabelMap
from data.source import Missing

SplitRole = Literal["train", "valid", "test"]

SPLIT_NAMES: dict[SplitRole, tuple[str, ...]] = {
    "train": ("train", "training"),
    "valid": ("valid", "validation", "val", "dev"),
    "test": ("test", "testing"),
}


@dataclass(frozen=True)
class Reading:
    """Options for reading tables.

    Attributes:
        text_column, label_column, group_column: names; None recognises one by its name, or by its content.
        label_map: labels -> classes; None makes every label a class.
        splits: which of the source's splits trains, validates, tests; those left out of a mapping are not used; empty
            recognises them by name.
        time_column: the column of dates or numbers that tells when each text was written; with one, the latest rows
            are held out.
        missing: whether rows without a label or a text are dropped and counted, or an error.
    """

    text_column: str | None = None
    label_column: str | None = None
    group_column: str | None = None
    label_map: LabelMap | None = None
    splits: Mapping[SplitRole, str] = field(default_factory=dict)
    time_column: str | None = None
    missing: Missing = "drop"

    @property
    def given(self) -> list[str]:
        """Names of the options that differ from their defaults, as messages name them."""
        return [f"`{f.name}`" for f in fields(self) if getattr(self, f.name) not in (None, {}, "drop")]


def parse_splits(text: str) -> dict[SplitRole, str]:
    """Map the role of a split to its name: "train=train,test=validation".

    Raises:
        DataError: not of that form, or none that trains.
    """
    splits: dict[SplitRole, str] = {}
    for part in text.split(","):
        role, equals, name = (piece.strip() for piece in part.partition("="))
        known: SplitRole | None = next((r for r in SPLIT_NAMES if r == role), None)
        if known is None or not equals or not name or known in splits:
            raise DataError(f"{part!r} is not of the form train=NAME[,valid=NAME][,test=NAME]")
        splits[known] = name
    if "train" not in splits:
        raise DataError("it names no split to train on (the form is train=NAME[,valid=NAME][,test=NAME])")
    return splits


def choose_splits(available: Sequence[str], wanted: Mapping[SplitRole, str]) -> dict[SplitRole, str]:
    """Map roles to the names of splits.

    Raises:
        DataError: a split that is wanted is not there, or none is recognised as training's.
    """
    for role, name in wanted.items():
        if name not in available:
            raise DataError(f"`splits` {role}={name}: there is no such split (choices: {', '.join(available)})")
    if wanted:
        return dict(wanted)
    found: dict[SplitRole, str] = {}
    for role, names in SPLIT_NAMES.items():
        several = [name for name in available if name.lower() in names]
        if len(several) > 1:
            raise DataError(f"several splits look like {role}: {', '.join(several)}; name one with `splits`")
        if several:
            found[role] = several[0]
    if "train" not in found:
        raise DataError(
            f"no split is recognised as training's (choices: {', '.join(available)}); name it with `splits`"
        )
    return found
