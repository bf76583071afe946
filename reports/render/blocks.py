"""The parts of a report's sections, in every output format."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pandas as pd

if TYPE_CHECKING:  # it imports matplotlib, which not every command needs
    from reports.analysis.mistakes import Mistakes
    from reports.figures.svg import Drawing


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    kind: ClassVar = "text"
    text: str
    warning: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.text)


@dataclass(frozen=True)
class Item:
    """A line of a list, with lines below it."""

    text: str
    below: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bullets:
    """A list."""

    kind: ClassVar = "bullets"
    items: tuple[Item, ...]

    def __bool__(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.items)


@dataclass(frozen=True)
class Facts:
    """Terms with their definitions."""

    kind: ClassVar = "facts"
    pairs: tuple[tuple[str, str], ...]

    def __bool__(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.pairs)


@dataclass(frozen=True)
class Command:
    """A command line."""

    kind: ClassVar = "command"
    text: str


@dataclass(frozen=True, eq=False)
class Table:
    """A table; nothing where the frame is empty.

    Attributes:
        caption: above it.
        frame: of texts.
        above: whether Markdown shows it before its "Details".
    """

    kind: ClassVar = "table"
    caption: str
    frame: pd.DataFrame
    above: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything to show."""
        return not self.frame.empty


@dataclass(frozen=True)
class Figures:
    """Drawings side by side.

    Attributes:
        drawings: figures.
        everywhere: whether Markdown shows them too.
    """

    kind: ClassVar = "figures"
    drawings: "tuple[Drawing, ...]"
    everywhere: bool = True

    def __bool__(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.drawings)


@dataclass(frozen=True)
class Excerpts:
    """Texts that models get wrong; only on the page."""

    kind: ClassVar = "excerpts"
    mistakes: "tuple[Mistakes, ...]"

    def __bool__(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.mistakes)


Block = Text | Bullets | Facts | Command | Table | Figures | Excerpts


@dataclass(frozen=True)
class Group:
    """Blocks under a common heading; blocks with nothing to show are left out.

    Attributes:
        title: "" for none.
        blocks: in order.
        folded: whether the page shows them on demand only, and Markdown under "Details".
    """

    title: str
    blocks: tuple[Block, ...]
    folded: bool = False


@dataclass(frozen=True)
class Section:
    """The answer to a question.

    Attributes:
        anchor: its id.
        question: its heading.
        groups: those with something to show.
    """

    anchor: str
    question: str
    groups: tuple[Group, ...]


def group(title: str, blocks: Iterable[Block], *, folded: bool = False) -> Group:
    """A group of the blocks that have something to show."""
    return Group(title, tuple(block for block in blocks if block), folded)


def section(anchor: str, question: str, groups: Iterable[Group]) -> Section:
    """A section of the groups that have something to show."""
    return Section(anchor, question, tuple(one for one in groups if one.blocks))


def bullets(sentences: Iterable[str]) -> Bullets:
    """A list of sentences, without empty ones."""
    return Bullets(tuple(Item(sentence) for sentence in sentences if sentence))


def first(sentences: Sequence[str], most: int) -> list[str]:
    """The first sentences, and how many more there are."""
    left = len(sentences) - most
    return [*sentences[:most], f"... and {left} more."] if left > 0 else list(sentences)
