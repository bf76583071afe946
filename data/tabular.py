"""Steps that every source of tables shares: from its columns to texts, classes, groups and times."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from data import labels
from data.arrays import FloatArray, IntArray
from data.columns import FEWEST_PER_CLASS, Columns, choose_columns
from data.errors import DataError, Problems
from data.labels import Classes, label_texts
from data.look_alikes import described, described_rare, look_alikes
from data.reading import Reading, SplitRole, choose_splits
from data.records import column_text
from data.source import RawDataset, RawSplit, Source
from data.tables import Table
from data.times import TimesError, parse_times

NEEDED = ("label", "text", "time")
"""Cells without which a row is of no use."""

FEWEST_GROUPS = 10
"""Different values of a column that counts as groups by its name alone."""


@dataclass(frozen=True)
class NamedTable:
    """One split as read from a source.

    Attributes:
        title: its name in messages.
        table: its rows.
        class_names: column -> names of its classes in order, where the source says so.
        provenance: facts about its origin.
    """

    title: str
    table: Table
    class_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    provenance: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Cells:
    """The cells of a split that matter: N texts, labels and times, None (a time: NaN) where there is none."""

    named: NamedTable
    texts: list[str | None]
    labels: list[str | None]
    times: FloatArray | None

    def missing(self, what: str) -> list[int]:
        """Return the rows without a "text", a "label" or a "time"."""
        if what == "time":
            return [] if self.times is None else np.flatnonzero(np.isnan(self.times)).tolist()
        return [row for row, value in enumerate(self.texts if what == "text" else self.labels) if value is None]


class Tabular(Source):
    """A source of tables, whose columns, labels and splits the user names, or are recognised."""

    reading: Reading

    @abstractmethod
    def split_names(self) -> Sequence[str]:
        """Return the names of the splits.

        Raises:
            DataError: they cannot be found out.
        """

    @abstractmethod
    def table(self, split: str) -> NamedTable:
        """Read the rows of one split.

        Raises:
            DataError: it cannot be read.
        """

    def load(self) -> RawDataset:
        """Read the splits.

        Raises:
            DataError: one cannot be read or is unusable; every problem, in one line.
        """
        reading, problems = self.reading, Problems()
        tables = {role: self.table(name) for role, name in choose_splits(self.split_names(), reading.splits).items()}
        for named in tables.values():
            problems.found += named.table.problems
            if named.table.frame.empty and not named.table.problems:
                problems.found.append(f"{named.title} has no rows")
        if any(named.table.frame.empty for named in tables.values()):
            problems.raise_any()
        train = tables["train"]
        with problems.noted():
            columns = choose_columns(train.title, train.table.frame, reading)
            group, group_notes = _usable_group(train, columns.group, reading)
            cells = {role: _cells(named, columns, problems) for role, named in tables.items()}
            values = [value for one in cells.values() for value in one.labels]
            if all(one.labels for one in cells.values()):
                with problems.noted():
                    classes = _classes(train, columns.label, values, reading)
                _check_missing(cells.values(), reading)
        problems.raise_any()
        kept = {role: _kept(one, classes) for role, one in cells.items()}
        raw = {role: _raw(cells[role], rows, classes, group, role) for role, rows in kept.items()}
        facts, notes = _facts(cells, columns, classes)
        return RawDataset(
            train=raw["train"],
            valid=raw.get("valid"),
            test=raw.get("test"),
            class_names=classes.names,
            group_kind=f"values of column {group}",
            provenance={key: value for named in tables.values() for key, value in named.provenance.items()} | facts,
            reading=_shown(reading, columns, group),
            missing=reading.missing,
            notes=(
                *(note for named in tables.values() for note in named.table.notes),
                *columns.notes,
                *group_notes,
                *notes,
                *_class_notes(cells, classes),
            ),
        )


def _usable_group(train: NamedTable, group: str | None, reading: Reading) -> tuple[str | None, list[str]]:
    """Return the column of groups, and a note on it; one that is recognised must have enough values for a split."""
    if group is None or reading.group_column is not None:
        return group, []
    values = train.table.frame[group].astype(str).nunique()
    if values >= FEWEST_GROUPS:
        return group, []
    return None, [f"column {group!r} has {values} different values, too few for groups; name it with `group_column`"]


def _cells(named: NamedTable, columns: Columns, problems: Problems) -> _Cells:
    """Return the cells that matter; whatever is wrong with them is noted."""
    labels: list[str | None] = []
    texts: list[str | None] = []
    times = None
    with problems.noted():
        labels = _labels(named, _there(named, columns.label, "label"))
    with problems.noted():
        texts = _texts(named, _there(named, columns.text, "text"))
    with problems.noted():
        times = _times(named, columns.time)
    return _Cells(named, texts, labels, times)


def _labels(named: NamedTable, column: str) -> list[str | None]:
    title = named.title
    try:
        values = label_texts(named.table.frame[column].tolist())
    except DataError as error:
        raise DataError(f"{title}: column {column!r}: {error}") from None
    if all(value is None for value in values):
        raise DataError(
            f"{title} has no labels in column {column!r}; use other `splits`, as train=NAME,test=NAME, or another "
            "`label_column`"
        )
    return values


def _texts(named: NamedTable, column: str) -> list[str | None]:
    cells = named.table.frame[column].tolist()
    texts: list[str | None] = []
    numbers = 0
    for index, cell in enumerate(cells):
        try:
            text = column_text(cell)
        except DataError as error:
            raise DataError(f"{named.title}: column {column!r}, {named.table.place(index)}: {error}") from None
        numbers += text is not None and text is not cell
        texts.append(text if text and text.strip() else None)
    if numbers > len(cells) / 2:
        raise DataError(f"{named.title}: column {column!r} holds numbers, not texts; name another `text_column`")
    return texts


def _classes(train: NamedTable, column: str, values: Sequence[str | None], reading: Reading) -> Classes:
    if reading.label_map is not None:
        present = {value for value in values if value is not None}
        classes = labels.mapped(reading.label_map.resolved(present))
        empty = [name for name in classes.names if not any(classes.of_label.get(v) == name for v in present)]
        if empty:
            raise DataError(
                f"`label_map`: no row is of class {empty[0]!r}{_in_other_case(classes, present)} "
                f"(column {column!r} has: {labels.counted(values)})"
            )
        return classes
    classes = labels.found(values, train.class_names.get(column))
    if len(classes.names) == 1:
        raise DataError(f"{train.title} has one class only: every label is {classes.names[0]}")
    if len(classes.names) > 2 and len(classes.names) * FEWEST_PER_CLASS > len(values):
        raise DataError(
            f"{train.title}: column {column!r} has {len(classes.names):,} different labels in {len(values):,} "
            "rows, too many to be classes; name another `label_column`, or join them with a `label_map`"
        )
    return classes


def _in_other_case(classes: Classes, present: Iterable[str]) -> str:
    folded = {label.casefold(): label for label in sorted(present)}
    meant = [folded[label.casefold()] for label in classes.of_label if label.casefold() in folded]
    return f"; did you mean {', '.join(map(repr, meant))}?" if meant and not set(meant) & set(classes.of_label) else ""


def _check_missing(cells: Iterable[_Cells], reading: Reading) -> None:
    """Refuse missing labels and texts where the user wants that: all of them in one line."""
    if reading.missing == "drop":
        return
    problems = []
    for one in cells:
        for what in NEEDED:
            gone = one.missing(what)
            if gone and not (what == "label" and reading.label_map is not None):
                problems.append(f"{one.named.title}: {len(gone):,} {what}s are missing ({_places(one, gone)})")
    if problems:
        raise DataError(f"{'; '.join(problems)}; with `missing` drop, such rows are left out")


def _places(cells: _Cells, rows: Sequence[int], most: int = 5) -> str:
    shown = ", ".join(cells.named.table.place(row) for row in rows[:most])
    return shown + (f" and {len(rows) - most:,} more" if len(rows) > most else "")


def _kept(cells: _Cells, classes: Classes) -> IntArray:
    """Return the rows without missing values whose label belongs to a class."""
    known = classes.number(cells.labels) >= 0
    for what in NEEDED:
        known[cells.missing(what)] = False
    return np.flatnonzero(known)


def _raw(cells: _Cells, rows: IntArray, classes: Classes, group: str | None, role: str) -> RawSplit:
    frame = cells.named.table.frame
    return RawSplit(
        texts=tuple(cells.texts[row] or "" for row in rows),
        labels=classes.number(cells.labels)[rows],
        groups=_groups(frame[group], rows, role) if group in frame else None,
        rows=rows,
        times=None if cells.times is None else cells.times[rows],
    )


def _groups(column: pd.Series, rows: IntArray, role: str) -> tuple[str, ...]:
    """Return the group of each row; a row without one is a group of its own, which no other split has."""
    alone = "row" if role == "train" else f"{role} row"
    values = column.iloc[rows]
    empty = (values.isna() | (values.astype(str).str.strip() == "")).tolist()
    return tuple(
        f"{alone} {row}" if none else str(value)
        for row, value, none in zip(rows.tolist(), values.tolist(), empty, strict=True)
    )


def _times(named: NamedTable, column: str | None) -> FloatArray | None:
    if column is None or column not in named.table.frame:  # only rows that are cut from need times
        return None
    try:
        return parse_times(named.table.frame[column].tolist())
    except TimesError as error:
        raise DataError(f"{named.title}: column {column!r}, {named.table.place(error.row)}: {error}") from None


def _there(named: NamedTable, column: str, role: str) -> str:
    """Return the column.

    Raises:
        DataError: this split has none of that name.
    """
    names = list(map(str, named.table.frame.columns))
    if names.count(column) != 1:
        raise DataError(f"{named.title}: `{role}_column` {column!r}: no such column (choices: {', '.join(names)})")
    return column


def _facts(
    cells: Mapping[SplitRole, _Cells], columns: Columns, classes: Classes
) -> tuple[dict[str, str | int], list[str]]:
    """Return provenance facts about columns and dropped rows, and notes on dropped rows."""
    facts: dict[str, str | int] = {"text column": columns.text, "label column": columns.label}
    facts |= {"time column": columns.time} if columns.time else {}
    notes = []
    values = [value for one in cells.values() for value in one.labels]
    if classes.drops:
        dropped = [v for v in values if v is None or v not in classes.of_label]
        listed = f": {labels.counted(dropped)}" if dropped else ""
        facts["rows dropped whose label is not in the map"] = f"{len(dropped):,} of {len(values):,}{listed}"
        unseen = sorted(set(classes.of_label) - set(values))
        facts |= {"labels of the map that no row has": ", ".join(unseen)} if unseen else {}
    for what in NEEDED:
        gone = {role: one.missing(what) for role, one in cells.items()}
        total = sum(map(len, gone.values()))
        if total and not (what == "label" and classes.drops):
            shown = "; ".join(
                f"{cells[role].named.title}: {_places(cells[role], rows)}" for role, rows in gone.items() if rows
            )
            facts[f"rows dropped, their {what} missing"] = f"{total:,} of {len(values):,}"
            notes.append(f"{total:,} of {len(values):,} rows dropped, their {what} missing ({shown})")
    return facts, notes


def _class_notes(cells: Mapping[SplitRole, _Cells], classes: Classes) -> list[str]:
    if classes.drops:  # the user has joined what belongs together
        return []
    counts = dict.fromkeys(classes.names, 0)
    for one in cells.values():
        for label in one.labels:
            if label is not None:
                counts[classes.of_label[label]] += 1
    alike = look_alikes(counts)
    notes = [described(alike, classes.names)] if alike else []
    rare = described_rare(counts)
    return [*notes, rare] if rare else notes


def _shown(reading: Reading, columns: Columns, group: str | None) -> str:
    """Return how the table was read, for the dataset's name; "" where all is as usual."""
    parts = [
        f"text {columns.text}" * (columns.text != "text"),
        f"label {columns.label}" * (columns.label != "label"),
        f"groups {group}" if reading.group_column else "",
        f"time {columns.time}" if columns.time else "",
        f"map {reading.label_map}" if reading.label_map else "",
        f"splits {_splits_text(reading.splits)}" if reading.splits else "",
    ]
    return ", ".join(filter(None, parts))


def _splits_text(splits: Mapping[SplitRole, str]) -> str:
    return ",".join(f"{role}={name}" for role, name in splits.items())
