"""What every source of tables shares: from its columns to texts, classes and groups."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from data import labels
from data.dataset import DataError, IntArray
from data.labels import Classes
from data.reading import Reading, SplitRole, choose_column, choose_group, choose_splits
from data.source import RawDataset, RawSplit, Source

FEWEST_PER_CLASS = 2
"""Rows that a class has on average; below that, a column holds names or texts rather than classes."""


@dataclass(frozen=True)
class Table:
    """One split as a source has it.

    Attributes:
        title: what messages call it.
        frame: its rows.
        class_names: column -> names of its classes in order, where the source says so.
        provenance: what a reader must know of it.
    """

    title: str
    frame: pd.DataFrame
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    provenance: Mapping[str, str | int] = field(default_factory=dict)


class Tabular(Source):
    """A source of tables, whose columns, labels and splits the user names, or are recognised."""

    reading: Reading

    @abstractmethod
    def split_names(self) -> Sequence[str]:
        """The splits there are.

        Raises:
            DataError: they cannot be found out.
        """

    @abstractmethod
    def table(self, split: str) -> Table:
        """The rows of one split.

        Raises:
            DataError: it cannot be read.
        """

    def load(self) -> RawDataset:
        """Read the splits.

        Raises:
            DataError: one cannot be read, lacks a column, or holds an unusable row.
        """
        reading = self.reading
        splits = choose_splits(self.split_names(), reading.splits)
        tables = {role: self.table(name) for role, name in splits.items()}
        train = tables["train"]
        text = choose_column(train.title, train.frame.columns, "text", reading.text_column)
        label = choose_column(train.title, train.frame.columns, "label", reading.label_column)
        group = choose_group(train.title, train.frame.columns, reading.group_column)
        for table in tables.values():
            _check(table, (text, label))
        values = {role: _label_texts(table, label) for role, table in tables.items()}
        classes = self._classes(train, label, [value for column in values.values() for value in column])
        dropped = [v for column in values.values() for v in column if v is None or v not in classes.of_label]
        raw = {
            role: _raw(table, text, classes.number(values[role]), group if group in table.frame else None)
            for role, table in tables.items()
        }
        facts: dict[str, str | int] = {}
        for table in tables.values():
            facts |= table.provenance
        facts |= {"text column": text, "label column": label}
        if classes.drops:
            total = sum(map(len, values.values()))
            facts["rows dropped, their label not in the map"] = (
                f"{len(dropped):,} of {total:,}" + f": {labels.counted(dropped)}" * bool(dropped)
            )
            unseen = sorted(set(classes.of_label) - {v for column in values.values() for v in column if v is not None})
            facts |= {"labels of the map that no row has": ", ".join(unseen)} if unseen else {}
        return RawDataset(
            train=raw["train"],
            valid=raw.get("valid"),
            test=raw.get("test"),
            class_names=classes.names,
            order="blocks",  # neighbours in a file may be alike; where they are not, blocks are as good as any
            group_kind=f"of column {group}",
            provenance=facts,
            reading=_shown(reading, text, label, group),
        )

    def _classes(self, train: Table, column: str, values: Sequence[str | None]) -> Classes:
        if self.reading.label_map is not None:
            classes = labels.mapped(self.reading.label_map)
            empty = [name for name in classes.names if not any(classes.of_label.get(v or "") == name for v in values)]
            if empty:
                raise DataError(
                    f"--label-map: no row is of class {empty[0]!r} (column {column!r} has: {labels.counted(values)})"
                )
            return classes
        classes = labels.found(values, train.class_names.get(column))
        if len(classes.names) == 1:
            raise DataError(f"{train.title} has one class only: every label is {classes.names[0]}")
        if len(classes.names) > 2 and len(classes.names) * FEWEST_PER_CLASS > len(values):
            raise DataError(
                f"{train.title}: column {column!r} has {len(classes.names):,} different labels in {len(values):,} "
                "rows, too many to be classes; name another --label-column, or join them with --label-map"
            )
        missing = [row for row, value in enumerate(values) if value is None]
        if missing:
            raise DataError(
                f"{train.title}: {len(missing)} labels are missing, the first in row {missing[0]}; "
                "a --label-map leaves such rows out"
            )
        return classes


def _check(table: Table, columns: Sequence[str]) -> None:
    if table.frame.empty:
        raise DataError(f"{table.title} has no rows")
    for column in columns:
        choose_column(table.title, table.frame.columns, "text" if column == columns[0] else "label", column)


def _label_texts(table: Table, column: str) -> list[str | None]:
    try:
        values = [labels.label_text(value) for value in table.frame[column].tolist()]
    except DataError as error:
        raise DataError(f"{table.title}: column {column!r}: {error}") from None
    if all(value is None for value in values):
        raise DataError(
            f"{table.title} has no labels in column {column!r}; use another split (--splits train=NAME,test=NAME)"
        )
    return values


def _raw(table: Table, text: str, numbers: IntArray, group: str | None) -> RawSplit:
    """The rows that are of a class."""
    rows = np.flatnonzero(numbers >= 0)
    frame = table.frame.iloc[rows]
    wrong = [row for row, value in zip(rows, frame[text], strict=True) if not isinstance(value, str)]
    if wrong:
        raise DataError(f"{table.title}: {len(wrong)} texts are missing or not text, the first in row {wrong[0]}")
    return RawSplit(
        texts=tuple(frame[text]),
        labels=numbers[rows],
        groups=None if group is None else _groups(table.title, frame[group], rows),
        rows=rows,
    )


def _groups(title: str, column: pd.Series, rows: IntArray) -> tuple[str, ...]:
    # Rows of no known group would all count as one.
    missing = rows[np.flatnonzero(column.isna() | (column == ""))]
    if len(missing):
        raise DataError(f"{title}: column {column.name!r} is empty in {len(missing)} rows, first in row {missing[0]}")
    return tuple(map(str, column))


def _shown(reading: Reading, text: str, label: str, group: str | None) -> str:
    """What the dataset's name says of how it was read; nothing where all is as usual."""
    parts = [
        f"text {text}" * (text != "text"),
        f"label {label}" * (label != "label"),
        f"groups {group}" if reading.group_column else "",
        f"map {_map_text(reading.label_map)}" if reading.label_map else "",
        f"splits {_splits_text(reading.splits)}" if reading.splits else "",
    ]
    return ", ".join(filter(None, parts))


def _map_text(label_map: Mapping[str, str]) -> str:
    by_class: dict[str, list[str]] = {}
    for label, name in label_map.items():
        by_class.setdefault(name, []).append(label)
    return ";".join(f"{','.join(of)}={name}" for name, of in by_class.items())


def _splits_text(splits: Mapping[SplitRole, str]) -> str:
    return ",".join(f"{role}={name}" for role, name in splits.items())
