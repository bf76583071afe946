"""The contract of a source: one class that yields raw labelled texts."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from data.arrays import FloatArray, IntArray

SplitOrder = Literal["random", "blocks", "time"]
Missing = Literal["drop", "error"]


@dataclass(frozen=True)
class RawSplit:
    """N texts as the source has them, before cleaning.

    Attributes:
        texts: N raw texts.
        labels: (N,) class indices.
        groups: N names of the cluster each text belongs to (a film, an author), where the source knows them: held-out
            rows are whole groups.
        rows: (N,) row numbers in the source; None where all its rows are here, in order.
        times: (N,) when each text was written, in any unit that grows; None where the source does not say.
    """

    texts: tuple[str, ...]
    labels: IntArray
    groups: tuple[str, ...] | None = None
    rows: IntArray | None = None
    times: FloatArray | None = None


@dataclass(frozen=True)
class RawDataset:
    """Everything a source yields.

    Attributes:
        train: the source's training rows.
        test: its test rows; None where it has none, and they are cut from training.
        class_names: by index.
        order: how held-out rows are cut from training where the user does not say. "random": the order of rows carries
            nothing. "blocks": neighbouring rows are known to be alike, and nobody names their groups, so short runs of
            rows are held out. "time": the latest rows. Known groups stay whole in each case.
        provenance: origin, revision, sha256 of the files.
        valid: its validation rows; None where it has none, and they are cut from training.
        group_kind: the kind of the groups: "films".
        reading: how the user had the source read (columns, label map), for the dataset's name; "" where as usual.
        missing: whether an empty text is dropped and counted, or an error.
        notes: sentences about the data that a user should read before training.
    """

    train: RawSplit
    test: RawSplit | None
    class_names: tuple[str, ...] = ("negative", "positive")
    order: SplitOrder = "random"
    provenance: Mapping[str, str | int] = field(default_factory=dict)
    valid: RawSplit | None = None
    group_kind: str = "films"
    reading: str = ""
    missing: Missing = "drop"
    notes: tuple[str, ...] = ()


class Source(ABC):
    """A source of labelled texts. The constructor's keyword arguments are its options; it reads no data."""

    @abstractmethod
    def load(self) -> RawDataset:
        """Read everything.

        Raises:
            DataError: it cannot be reached or read, or lacks what is needed; one line with the cure.
        """


def as_labels(values: object) -> IntArray:
    """Return labels of any integer type as int64, which `cross_entropy` wants."""
    return np.asarray(values).astype(np.int64)
