"""Options that choose the data and say how to read it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from benchmarks.config.suite import LARGEST_SIZE, Data
from benchmarks.errors import UsageError
from benchmarks.registry.entries import names


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
class ReadingOptions:
    """How a command reads and splits data; None keeps the suite's setting."""

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

    def over(self, data: Data, dataset: str | None) -> Data:
        """Return a suite's data section with these options over it.

        Args:
            data: the section.
            dataset: the dataset asked for instead; it keeps nothing of the section, whose columns and split sizes are
                for the suite's own data. None keeps the suite's.

        Raises:
            UsageError: the label map, the splits or a size are malformed.
        """
        given = {field.name: getattr(self, field.name) for field in fields(ReadingOptions)} | {"name": dataset}
        given |= {option: _split_size(option, given[option]) for option in ("valid_size", "test_size")}
        kept = data if dataset in (None, data.name) else Data()
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


@dataclass(frozen=True)
class DataOptions(ReadingOptions):
    """Which data a command reads, and how."""

    dataset: Annotated[
        str | None,
        typer.Option(metavar="NAME|PATH|hf:NAME@REVISION", help="Use this dataset instead of the suite's."),
    ] = None

    def applied_to(self, data: Data) -> Data:
        """Return a suite's data section with these options over it; see `over`."""
        return self.over(data, self.dataset)


@dataclass(frozen=True)
class CollectionOptions(ReadingOptions):
    """Which data a run reads, one or several datasets, and how."""

    dataset: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|PATH|hf:NAME@REVISION..",
            help="Use this dataset instead of the suite's, or several, each with a folder of its own.",
        ),
    ] = None
    dataset_folder: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder that relative paths of datasets start from.")
    ] = None
    language: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Language of the texts, which a leaderboard shows beside the winner."),
    ] = None

    def applied_to(self, blocks: Sequence[Data]) -> list[Data]:
        """Return the data sections of a suite with these options over each, or one for each dataset asked for.

        Raises:
            UsageError: the label map, the splits, a size or the language are malformed.
        """
        if self.dataset is None:
            found = [self.over(block, None) for block in blocks]
        else:
            own = {block.name: block for block in blocks}
            found = [self.over(own.get(name, blocks[0]), name) for name in dict.fromkeys(self.dataset)]
        changes = {} if self.language is None else {"language": _language(self.language)}
        return [block.model_copy(update={"name": self._located(block.name)} | changes) for block in found]

    def _located(self, name: str) -> str:
        """Return a relative path below the folder that paths start from; any other name as it is."""
        if self.dataset_folder is None:
            return name
        from data.hub import PREFIX

        if name.startswith(PREFIX) or name in names("datasets"):
            return name
        return str(self.dataset_folder / name)


def _language(text: str) -> str:
    try:
        return str(Data(language=text).language)
    except ValidationError:
        raise UsageError(
            "it is no name of a language (up to 40 letters, digits, spaces, hyphens and brackets)",
            option="language",
            value=text,
        ) from None


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
