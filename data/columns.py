"""Recognise the columns of texts, labels and groups by name, else by content."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from data.errors import DataError
from data.labels import label_text, label_texts
from data.reading import Reading

Role = Literal["text", "label"]

TEXT_COLUMNS = frozenset(
    {
        "text", "texts", "body", "review", "reviews", "review_text", "review_body", "reviewtext", "sentence", "content",
        "comment", "comment_text", "document", "tweet", "message", "post", "utterance", "query", "question", "headline",
        "description", "sms", "email", "abstract", "full_text", "raw_text", "clean_text", "feedback",
    }
)  # fmt: skip
LABEL_COLUMNS = frozenset(
    {
        "label", "labels", "class", "category", "sentiment", "stars", "star_rating", "rating", "target", "coarse_label",
        "intent", "topic", "polarity", "emotion", "label_text", "label_name", "gold_label", "y", "tag", "score",
        "airline_sentiment", "is_spam", "overall", "mood", "opinion", "verdict", "grade", "classification",
    }
)  # fmt: skip
GROUP_COLUMNS = frozenset({"movie", "movie_id", "film", "film_id"})

FEWEST_WORDS = 3
"""Words of a text on average, where its column is recognised by its content."""

CLEARLY_LONGER = 2
"""Times that the texts are longer than any other column's, likewise."""

MOST_WORDS_OF_A_NAME = 6
"""Words of a column's name; more are a text, in a file without a header."""

MOST_CLASSES = 100
FEWEST_PER_CLASS = 2
"""Rows that a class has on average; below that, a column holds names or texts rather than classes."""

SHOWN = 40
"""Characters of a text in a message."""

LOOKED_AT = 1_000
"""Rows by which a column is recognised."""


@dataclass(frozen=True)
class Columns:
    """The columns that a table is read by.

    Attributes:
        text, label: names.
        group, time: names; None where there is none.
        notes: sentences about columns that were recognised by their content.
    """

    text: str
    label: str
    group: str | None
    time: str | None
    notes: tuple[str, ...] = ()


def choose_columns(title: str, frame: pd.DataFrame, reading: Reading) -> Columns:
    """Return the columns that the user names; those of texts, labels and groups are recognised where none is named.

    Args:
        title: the table's, for messages.
        frame: its rows.
        reading: the user's options.

    Raises:
        DataError: every column that is missing, ambiguous or there twice, in one line.
    """
    names = list(map(str, frame.columns))
    problems: list[str] = []
    notes: list[str] = []
    chosen: dict[str, str | None] = {}
    named = {
        "text": reading.text_column,
        "label": reading.label_column,
        "group": reading.group_column,
        "time": reading.time_column,
    }
    roles: tuple[Role, ...] = ("text", "label")
    for role in roles:
        taken = {name for name in [*named.values(), *chosen.values()] if name is not None and name != named[role]}
        try:
            chosen[role], note = _choose(names, frame, role, named[role], taken)
            notes += [f"{title}: {note}"] if note else []
        except DataError as error:
            problems.append(str(error))
    for optional in ("group", "time"):
        try:
            chosen[optional] = _optional(names, optional, named[optional])
        except DataError as error:
            problems.append(str(error))
    if problems:
        raise DataError(f"{title}: {'; '.join(problems)} (choices: {', '.join(names)})")
    return Columns(chosen["text"] or "", chosen["label"] or "", chosen["group"], chosen["time"], tuple(notes))


def choose_text(title: str, columns: Iterable[object], head: pd.DataFrame, named: str | None) -> tuple[str, str]:
    """Return the column of texts, and what it was recognised by: "name" or "content"; "" where the user names it.

    Args:
        title: the table's, for messages.
        columns: the table's.
        head: some of its rows.
        named: the column that the user names; None recognises it.

    Raises:
        DataError: it is not there, or is there twice, or none or several could be it.
    """
    names = list(map(str, columns))
    try:
        column, note = _choose(names, head, "text", named, set())
    except DataError as error:
        raise DataError(f"{title}: {error} (choices: {', '.join(names)})") from None
    return column, "" if named is not None else "content" if note else "name"


@dataclass(frozen=True)
class ColumnFacts:
    """A column of a table, for a user who has to choose.

    Attributes:
        name: of the column.
        filled: rows with a value.
        distinct: different values.
        words: words of a value on average.
        example: the first value.
    """

    name: str
    filled: int
    distinct: int
    words: float
    example: str


def describe_columns(frame: pd.DataFrame) -> list[ColumnFacts]:
    """Describe each column of a table by its values, as text."""
    found = []
    for position, name in enumerate(frame.columns):
        cells = frame.iloc[:, position]
        values = [text for cell in cells[cells.notna()].tolist() if (text := str(cell).strip())]
        words = sum(len(value.split()) for value in values) / max(len(values), 1)
        found.append(ColumnFacts(str(name), len(values), len(set(values)), words, values[0] if values else ""))
    return found


def plain_name(name: str) -> str:
    """Return a column's name as it is compared: `Review Text` is `review_text`."""
    return re.sub(r"\W+", "_", name.strip().casefold()).strip("_")


def _choose(
    names: Sequence[str], frame: pd.DataFrame, role: Role, named: str | None, taken: set[str]
) -> tuple[str, str]:
    """Return a column, and a sentence where it was recognised by its content."""
    if named is not None:
        return _named(names, role, named), ""
    likely = [name for name in _by_name(names, role) if name not in taken]
    if len(likely) == 1:
        return _named(names, role, likely[0]), ""
    candidates = [name for name in likely or names if names.count(name) == 1 and name not in taken]
    fitting = _texts_by_content(frame, candidates) if role == "text" else _labels_by_content(frame, candidates)
    fitting = _named_in_part(fitting, role) or fitting
    if len(fitting) == 1:
        if _is_of_a_row(fitting[0], frame, role):
            raise DataError(
                f"the first line names no columns, it is a row ({fitting[0][:SHOWN]!r} stands there); write a line of "
                "column names above it"
            )
        return fitting[0], f"the {role} column is {fitting[0]!r}, by its content; name another with `{role}_column`"
    repeated = [name for name in likely if names.count(name) > 1]
    if repeated:
        return _named(names, role, repeated[0]), ""
    possible = fitting or likely
    problem = f"several columns could be the {role}: {', '.join(possible)}" if possible else f"no {role} column"
    raise DataError(f"{problem}; name it with `{role}_column`")


def _optional(names: Sequence[str], role: str, named: str | None) -> str | None:
    if named is not None:
        return _named(names, role, named)
    if role != "group":
        return None
    likely = [name for name in dict.fromkeys(names) if plain_name(name) in GROUP_COLUMNS]
    return _named(names, role, likely[0]) if likely else None


def _named(names: Sequence[str], role: str, named: str) -> str:
    if named not in names:
        raise DataError(f"`{role}_column` {named!r}: no such column")
    if names.count(named) > 1:
        raise DataError(f"{names.count(named)} columns {named!r}; rename one")
    return named


def _by_name(names: Sequence[str], role: Role) -> list[str]:
    """Return the columns called like it; of several, the plain name is meant."""
    known = TEXT_COLUMNS if role == "text" else LABEL_COLUMNS
    likely = [name for name in dict.fromkeys(names) if plain_name(name) in known]
    exact = [name for name in likely if plain_name(name) == role]
    return exact or likely


def _named_in_part(columns: Sequence[str], role: Role) -> list[str]:
    """Return the columns with a usual name as a part of theirs, as "Stars given" has."""
    known = TEXT_COLUMNS if role == "text" else LABEL_COLUMNS
    return [column for column in columns if known & set(plain_name(column).split("_"))]


def _is_of_a_row(name: str, frame: pd.DataFrame, role: Role) -> bool:
    """Whether the name of a column is one of its texts or labels: the file has no header."""
    if role == "text":
        return len(name.split()) > MOST_WORDS_OF_A_NAME
    return label_text(name) in set(label_texts(frame[name].head(LOOKED_AT)))


def _texts_by_content(frame: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Return the columns that hold texts: one that is clearly longer than all others, or those that are long enough."""
    words = {}
    for column in columns:
        values = [value for value in frame[column].head(LOOKED_AT) if isinstance(value, str) and value.strip()]
        if values:
            words[column] = sum(len(value.split()) for value in values) / len(values)
    long = sorted((c for c in words if words[c] >= FEWEST_WORDS), key=lambda c: -words[c])
    if len(long) > 1 and words[long[0]] >= CLEARLY_LONGER * words[long[1]]:
        return long[:1]
    return long


def _labels_by_content(frame: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Return the columns whose values repeat as classes do."""
    found = []
    for column in columns:
        try:
            values = [label for label in map(label_text, frame[column].head(LOOKED_AT)) if label is not None]
        except DataError:
            continue
        distinct = len(set(values))
        if 2 <= distinct <= MOST_CLASSES and distinct * FEWEST_PER_CLASS <= len(values):
            found.append(column)
    return found
