"""The contract of a source: one class that yields raw labelled texts."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from data.dataset import IntArray

RowOrder = Literal["blocks", "random"]


@dataclass(frozen=True)
class RawSplit:
    """N texts as the source has them, before cleaning.

    Attributes:
        texts: N raw texts.
        labels: (N,) class indices.
        groups: N names of what the text is about (a movie), where the source knows them: a group never has texts both
            in training and in validation.
        rows: (N,) row numbers in the source; None where all its rows are here, in order.
    """

    texts: tuple[str, ...]
    labels: IntArray
    groups: tuple[str, ...] | None = None
    rows: IntArray | None = None


@dataclass(frozen=True)
class RawDataset:
    """What a source yields.

    Attributes:
        train: the source's training rows.
        test: its test rows; None where it has none, and they are cut from training.
        class_names: by index.
        order: "blocks" where neighbouring rows are alike (of one movie) and held-out rows must be cut as contiguous
            blocks per class; "random" where the order carries nothing.
        provenance: origin, revision, sha256 of the files.
        valid: its validation rows; None where it has none, and they are cut from training.
        group_kind: what the groups are: "films".
        reading: how the user had the source read (columns, label map), for the dataset's name; "" where as usual.
    """

    train: RawSplit
    test: RawSplit | None
    class_names: tuple[str, ...] = ("negative", "positive")
    order: RowOrder = "blocks"
    provenance: Mapping[str, str | int] = field(default_factory=dict)
    valid: RawSplit | None = None
    group_kind: str = "films"
    reading: str = ""


class Source(ABC):
    """A place that reviews come from. The constructor's keyword arguments are its options; it reads nothing."""

    @abstractmethod
    def load(self) -> RawDataset:
        """Read everything.

        Raises:
            DataError: it cannot be reached or read, or lacks what is needed; one line with the way round it.
        """


def as_labels(values: object) -> IntArray:
    """Labels of any integer type as int64, which `cross_entropy` wants."""
    return np.asarray(values).astype(np.int64)
