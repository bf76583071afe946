"""How tables are to be read: which columns, labels and splits; what is not said is recognised, and noted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Literal

from data.dataset import DataError

SplitRole = Literal["train", "valid", "test"]

TEXT_COLUMNS = ("text", "body", "review", "sentence", "content", "comment", "document", "tweet", "message")
LABEL_COLUMNS = ("label", "labels", "class", "category", "sentiment", "stars", "rating", "target", "coarse_label")
GROUP_COLUMNS = ("movie",)
SPLIT_NAMES: dict[SplitRole, tuple[str, ...]] = {
    "train": ("train", "training"),
    "valid": ("valid", "validation", "val", "dev"),
    "test": ("test", "testing"),
}


@dataclass(frozen=True)
class Reading:
    """What the user says of tables.

    Attributes:
        text_column, label_column, group_column: names; None recognises one by its name.
        label_map: label -> class; None makes every label a class.
        splits: which of the source's splits trains, validates, tests; those left out of a mapping are not used; empty
            recognises them by name.
    """

    text_column: str | None = None
    label_column: str | None = None
    group_column: str | None = None
    label_map: Mapping[str, str] | None = None
    splits: Mapping[SplitRole, str] = field(default_factory=dict)

    @property
    def given(self) -> list[str]:
        """The options that say anything."""
        return [f"--{f.name.replace('_', '-')}" for f in fields(self) if getattr(self, f.name)]


def parse_splits(text: str) -> dict[SplitRole, str]:
    """ "train=train,test=validation" -> which split has which role.

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
    """Role -> name of the split.

    Raises:
        DataError: a split that is wanted is not there, or none is recognised as training's.
    """
    for role, name in wanted.items():
        if name not in available:
            raise DataError(f"--splits {role}={name}: there is no such split (it has: {', '.join(available)})")
    if wanted:
        return dict(wanted)
    found: dict[SplitRole, str] = {}
    for role, names in SPLIT_NAMES.items():
        several = [name for name in available if name.lower() in names]
        if len(several) > 1:
            raise DataError(f"several splits look like {role}: {', '.join(several)}; name one with --splits")
        if several:
            found[role] = several[0]
    if "train" not in found:
        raise DataError(f"no split is recognised as training's (it has: {', '.join(available)}); name it with --splits")
    return found


def choose_column(title: str, columns: Iterable[object], what: Literal["text", "label"], named: str | None) -> str:
    """The column that is named, or the one that is called like the text or the label.

    Args:
        title: the table's, for messages.
        columns: the table's.
        what: what it is wanted for.
        named: the column that the user names; None recognises it.

    Raises:
        DataError: it is not there, or is there twice, or none or several could be it.
    """
    names = [str(column) for column in columns]
    there = f"it has: {', '.join(names)}"
    option = f"--{what}-column"
    if named is None:
        known = TEXT_COLUMNS if what == "text" else LABEL_COLUMNS
        likely = list(dict.fromkeys(name for name in names if name.lower() in known))
        exact = [name for name in likely if name == what]  # of several, the plain name is meant
        if len(exact or likely) != 1:
            problem = f"several columns could be the {what}: {', '.join(likely)}" if likely else f"no column {what!r}"
            raise DataError(f"{title}: {problem} ({there}); name one with {option}")
        named = (exact or likely)[0]
    elif named not in names:
        raise DataError(f"{title} has no column {named!r} ({there}); name another with {option}")
    if names.count(named) > 1:
        raise DataError(f"{title} has {names.count(named)} columns {named!r} ({there})")
    return named


def choose_group(title: str, columns: Iterable[object], named: str | None) -> str | None:
    """The column of groups, if there is one.

    Raises:
        DataError: the one that is named is not there.
    """
    names = [str(column) for column in columns]
    if named is None:
        return next((name for name in GROUP_COLUMNS if name in names), None)
    if named not in names:
        raise DataError(f"{title} has no column {named!r} (it has: {', '.join(names)}); name another --group-column")
    return named
