"""Options that choose the data and say how to read it."""

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Annotated

import typer

from benchmarks.config.suite import LARGEST_SIZE, Data
from benchmarks.errors import UsageError


class SplitOrderChoice(StrEnum):
    """Values of --split-order."""

    RANDOM = "random"
    BLOCKS = "blocks"
    TIME = "time"


class MissingChoice(StrEnum):
    """Values of --missing."""

    DROP = "drop"
    ERROR = "error"


@dataclass(frozen=True)
class DataOptions:
    """Which data a command reads; None keeps the suite's setting."""

    dataset: Annotated[
        str | None,
        typer.Option(metavar="NAME|PATH|hf:NAME@REVISION", help="Use this dataset instead of the suite's."),
    ] = None
    text_column: Annotated[str | None, typer.Option(metavar="NAME", help="Column of a table that holds the texts.")] = (
        None
    )
    label_column: Annotated[
        str | None, typer.Option(metavar="NAME", help="Column of a table that holds the labels.")
    ] = None
    group_column: Annotated[
        str | None, typer.Option(metavar="NAME", help="Keep rows with the same value of this column in one split.")
    ] = None
    label_map: Annotated[
        str | None,
        typer.Option(metavar='"1,2=neg;4,5=pos"', help="Join labels into classes; rows with other labels are dropped."),
    ] = None
    splits: Annotated[
        str | None,
        typer.Option(metavar="train=NAME,test=NAME", help="Which splits of the source to train, validate and test on."),
    ] = None
    missing: Annotated[
        MissingChoice | None,
        typer.Option(help="Drop and count rows without a label or a text (default), or refuse them."),
    ] = None
    time_column: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Column of dates: hold out the latest rows for validation and test."),
    ] = None
    split_order: Annotated[
        SplitOrderChoice | None,
        typer.Option(
            help="Hold out rows at random, as short blocks of neighbouring rows, or the latest by --time-column. "
            "Default: random."
        ),
    ] = None
    valid_size: Annotated[
        str | None, typer.Option(metavar="N|SHARE", help="Validation rows, as 500 or 0.1. Default for your data: 0.1.")
    ] = None
    test_size: Annotated[
        str | None,
        typer.Option(
            metavar="N|SHARE",
            help="Test rows, as 2000 or 0.2. Default for your data: its own test rows, all, else 0.2.",
        ),
    ] = None

    def applied_to(self, data: Data) -> Data:
        """Return a suite's data section with these options over it.

        Another dataset keeps nothing of the section: its columns and split sizes are for the suite's own data.

        Raises:
            UsageError: the label map, the splits or a size are malformed.
        """
        given = {("name" if f.name == "dataset" else f.name): getattr(self, f.name) for f in fields(self)}
        given |= {option: _split_size(option, given[option]) for option in ("valid_size", "test_size")}
        kept = data if self.dataset in (None, data.name) else Data()
        chosen = Data.model_validate(
            kept.model_dump()
            | {
                key: str(value) if isinstance(value, StrEnum) else value
                for key, value in given.items()
                if value is not None
            }
        )
        _ = chosen.reading  # parses the label map and the splits
        return chosen


def _split_size(option: str, text: str | None) -> int | float | None:
    """Return the rows or the share that `text` names: "2000", "0.2" or "20%"."""
    if text is None:
        return None
    try:
        number = float(text.removesuffix("%")) / 100 if text.endswith("%") else float(text)
    except ValueError:
        number = 0.0
    if 0 < number < 1:
        return number
    if text.isascii() and text.isdecimal() and 1 <= number <= LARGEST_SIZE:
        return int(text)
    raise UsageError(
        "it is neither a number of rows nor a share of them (choices: 1 or more, 0.2, 20%)", option=option, value=text
    )
