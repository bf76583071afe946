"""What the rest of the suite knows of data: `Split`, `Dataset` and the error that bad data raises."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]


class DataError(ValueError):
    """Data that cannot be used; the message is one line that says which data, what is wrong and the way round it."""


@dataclass(frozen=True)
class Split:
    """N labelled texts.

    Attributes:
        texts: N cleaned texts.
        labels: (N,) class indices, 0 .. C-1.
        lengths: (N,) words of the cleaned text; the same number for every model, whatever its tokens.
        rows: (N,) row numbers in the source, which name a text across runs.
        class_names: the C class names, by index.
    """

    texts: tuple[str, ...]
    labels: IntArray
    lengths: IntArray
    rows: IntArray
    class_names: tuple[str, ...]

    def __len__(self) -> int:
        """N."""
        return len(self.texts)

    @property
    def num_classes(self) -> int:
        """C."""
        return len(self.class_names)

    def take(self, index: IntArray) -> "Split":
        """The texts at `index` (M,), in that order."""
        return replace(
            self,
            texts=tuple(self.texts[i] for i in index),
            labels=self.labels[index],
            lengths=self.lengths[index],
            rows=self.rows[index],
        )

    def sample(self, size: int, seed: int) -> "Split":
        """`size` texts, classes in the proportions of the whole, in random order.

        Samples of one seed are nested: a smaller one is the beginning of a larger one, so that a learning curve
        grows by adding texts.

        Raises:
            DataError: there are fewer than `size` texts.
        """
        if size > len(self):
            raise DataError(f"{size} rows asked for, but there are only {len(self)}")
        generator = np.random.default_rng(seed)
        place = np.empty(len(self))
        for label in range(self.num_classes):
            members = generator.permutation(np.flatnonzero(self.labels == label))
            place[members] = (np.arange(len(members)) + generator.random()) / len(members)
        return self.take(np.argsort(place, kind="stable")[:size])


@dataclass(frozen=True)
class Dataset:
    """Train, validation and test texts, and where they come from.

    Attributes:
        name: the name or path the user gave, and the columns and label map by which it was read.
        train: free of exact duplicates, and of nothing else.
        valid: the source's own, or cut from its training rows, never from its test rows.
        test: as the source has it, or cut from its training rows.
        provenance: what a reader must know to get the same rows: origin, revision or sha256 of the file, how the
            validation rows were cut, how many duplicates were dropped. Plain strings and numbers.
        leaked_test_rows: row numbers of the test texts that also occur in train or valid.
    """

    name: str
    train: Split
    valid: Split
    test: Split
    provenance: Mapping[str, str | int] = field(default_factory=dict)
    leaked_test_rows: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over every text and label of the three splits, in order (64 hexadecimal digits)."""
        digest = hashlib.sha256()
        for split in (self.train, self.valid, self.test):
            digest.update(f"{len(split)}\n".encode())
            digest.update("\0".join(split.texts).encode("utf-8", "surrogatepass"))
            digest.update(np.ascontiguousarray(split.labels, dtype="<i8").tobytes())
        return digest.hexdigest()
