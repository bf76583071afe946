"""The options that say which data, shared by every command that reads some."""

from typing import Annotated

import typer

from benchmarks.config.suite import Data

DatasetOption = Annotated[
    str | None,
    typer.Option("--dataset", metavar="NAME|PATH|hf:NAME@REVISION", help="Instead of the suite's data."),
]
TextColumn = Annotated[str | None, typer.Option("--text-column", metavar="NAME", help="Of a table: the texts.")]
LabelColumn = Annotated[str | None, typer.Option("--label-column", metavar="NAME", help="Of a table: the labels.")]
GroupColumn = Annotated[
    str | None, typer.Option("--group-column", metavar="NAME", help="What is cut from training shares no such value.")
]
LabelMap = Annotated[
    str | None, typer.Option("--label-map", metavar='"1,2=neg;4,5=pos"', help="Other labels are left out.")
]
Splits = Annotated[
    str | None, typer.Option("--splits", metavar="train=NAME,test=NAME", help="The source's splits, by their role.")
]


def with_options(
    data: Data,
    dataset: str | None,
    text_column: str | None,
    label_column: str | None,
    group_column: str | None,
    label_map: str | None,
    splits: str | None,
) -> Data:
    """The data of a suite with what the command line says of it; another dataset takes over the sizes only.

    Raises:
        UsageError: the label map or the splits are not of their form.
    """
    given = {
        "name": dataset,
        "text_column": text_column,
        "label_column": label_column,
        "group_column": group_column,
        "label_map": label_map,
        "splits": splits,
    }
    kept = Data(valid_size=data.valid_size, test_size=data.test_size) if dataset is not None else data
    chosen = kept.model_copy(update={key: value for key, value in given.items() if value is not None})
    _ = chosen.reading
    return chosen
