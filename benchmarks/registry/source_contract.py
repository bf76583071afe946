"""Checks that every dataset must pass: the tests run them on the built-in datasets, `check` on a plug-in.

A check is a function that raises AssertionError, with a message for the author, where the contract is broken.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from benchmarks.registry.entries import source_class
from data.source import RawDataset


@dataclass(frozen=True)
class Read:
    """A source of the registry.

    Attributes:
        name: its registered name.
    """

    name: str

    @cached_property
    def raw(self) -> RawDataset:
        """The texts and labels that the source loads."""
        return source_class(self.name)().load()


def a_source_yields_texts_with_labels(read: Read) -> None:
    """Each text is a str and has an int64 label of a class that has a name."""
    raw = read.raw
    assert isinstance(raw, RawDataset), f"`load` returned {type(raw).__name__}, not RawDataset"
    for split in filter(None, (raw.train, raw.test)):
        assert len(split.texts) == len(split.labels), f"{len(split.texts)} texts have {len(split.labels)} labels"
        assert all(isinstance(text, str) for text in split.texts), "a text is no str"
        assert split.labels.dtype == np.int64, f"labels are {split.labels.dtype}, not int64 (see `as_labels`)"
        found = set(split.labels.tolist())
        assert found <= set(range(len(raw.class_names))), f"labels {found} for {len(raw.class_names)} class names"
        assert split.groups is None or len(split.groups) == len(split.texts), "not a group for each text"


def a_source_says_where_its_rows_come_from(read: Read) -> None:
    """`provenance` is not empty: a reader must be able to get the same rows."""
    assert read.raw.provenance, "`provenance` is empty"


SOURCE_CHECKS: tuple[Callable[[Read], None], ...] = (
    a_source_yields_texts_with_labels,
    a_source_says_where_its_rows_come_from,
)
