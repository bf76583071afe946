"""The data that the rest of the suite works on: `Split` and `Dataset`."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from data.arrays import IntArray
from data.errors import DataError
from data.splitting import content_order, held_out

__all__ = ["DataError", "Dataset", "IntArray", "Split"]


@dataclass(frozen=True)
class Split:
    """N labelled texts.

    Attributes:
        texts: N cleaned texts.
        labels: (N,) class indices, 0 .. C-1.
        lengths: (N,) words of the cleaned text; the same number for every model.
        rows: (N,) row numbers in the source, which identify a text across runs.
        class_names: the C class names, by index.
        groups: N names of the cluster each text belongs to (a film, a block of films), where the source knows them.
            Texts of one group are alike, so intervals must count groups rather than texts.
    """

    texts: tuple[str, ...]
    labels: IntArray
    lengths: IntArray
    rows: IntArray
    class_names: tuple[str, ...]
    groups: tuple[str, ...] | None = None

    def __len__(self) -> int:
        """Return N."""
        return len(self.texts)

    @property
    def num_classes(self) -> int:
        """C."""
        return len(self.class_names)

    def take(self, index: IntArray) -> "Split":
        """Return the texts at `index` (M,), in that order."""
        return replace(
            self,
            texts=tuple(self.texts[i] for i in index),
            labels=self.labels[index],
            lengths=self.lengths[index],
            rows=self.rows[index],
            groups=None if self.groups is None else tuple(self.groups[i] for i in index),
        )

    def joined(self, other: "Split") -> "Split":
        """Return these texts followed by those of `other`; without groups where either has none."""
        known = self.groups is not None and other.groups is not None
        return replace(
            self,
            texts=self.texts + other.texts,
            labels=np.concatenate([self.labels, other.labels]),
            lengths=np.concatenate([self.lengths, other.lengths]),
            rows=np.concatenate([self.rows, other.rows]),
            groups=(self.groups or ()) + (other.groups or ()) if known else None,
        )

    def sample(self, size: int, seed: int) -> "Split":
        """Return `size` texts in random order, classes in the proportions of the whole.

        Samples of one seed are nested: a smaller one is the beginning of a larger one, so a learning curve grows by
        adding texts.

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

    def sample_each(self, per_class: int, seed: int) -> "Split":
        """Return `per_class` texts of each class, or all of a class that has fewer, in random order.

        They are the first ones of each class in the order of `sample`, so samples of one seed are nested here, too.
        """
        ordered = self.sample(len(self), seed)
        seen = np.zeros(self.num_classes, dtype=np.int64)
        kept = []
        for row, label in enumerate(ordered.labels):
            seen[label] += 1
            if seen[label] <= per_class:
                kept.append(row)
        return ordered.take(np.array(kept, dtype=np.int64))


@dataclass(frozen=True)
class Dataset:
    """Training, validation and test texts, and where they come from.

    Attributes:
        name: the name or path the user gave, and the columns and label map by which it was read. Shown, never compared.
        train: free of exact duplicates.
        valid: the source's own, or cut from its training rows, never from its test rows.
        test: as the source has it, or cut from its training rows.
        provenance: facts a reader needs to get the same rows: origin, revision or sha256 of the file, how the
            validation rows were cut, how many duplicates were dropped. Plain strings and numbers.
        leaked_test_rows: row numbers of the test texts that also occur in `train` or `valid`.
        notes: sentences about the data that a user should read before training: dropped rows, look-alike class names,
            columns recognised by their content.
        by_time: whether the validation rows are later than all training rows, as a split by time cuts them.
    """

    name: str
    train: Split
    valid: Split
    test: Split
    provenance: Mapping[str, str | int] = field(default_factory=dict)
    leaked_test_rows: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    notes: tuple[str, ...] = ()
    by_time: bool = False

    @cached_property
    def fingerprint(self) -> str:
        """Content address of everything here that decides a result: 64 hexadecimal digits of a sha256.

        Covered: for each split and in order, texts, labels, lengths, row numbers, groups and class names; the leaked
        test rows; and whether rows are split by time. Left out: `name`, `provenance` and `notes`, which are only shown.
        """
        digest = hashlib.sha256()
        for split in (self.train, self.valid, self.test):
            _add_texts(digest, split.texts)
            _add_texts(digest, split.class_names)
            digest.update(b"no groups" if split.groups is None else b"groups")
            _add_texts(digest, split.groups or ())
            for column in (split.labels, split.lengths, split.rows):
                digest.update(np.ascontiguousarray(column, dtype="<i8").tobytes())
        digest.update(np.ascontiguousarray(np.sort(self.leaked_test_rows), dtype="<i8").tobytes())
        if self.by_time:  # decides what repeats draw; other datasets keep the fingerprint that they had without it
            digest.update(b"by time")
        return digest.hexdigest()

    @property
    def redrawn_from(self) -> int:
        """Rows from which repeats draw their training rows."""
        return len(self.train) + (0 if self.by_time else len(self.valid))

    def redrawn(self, repeat: int) -> "Dataset":
        """Return the dataset with training and validation rows drawn anew; the test rows stay.

        Validation rows are drawn from the union of `train` and `valid`, as many as before: whole groups where both
        splits know them, else at random, each class in its proportion. The remaining rows are training's, in a random
        order of their own, so that `train.sample` draws another sample in each repeat. A claim about a model, rather
        than about one training of it, needs such repeats (Bouthillier et al. 2021, Accounting for Variance in Machine
        Learning Benchmarks). Where validation rows are the latest before the test rows, they stay as well, and repeats
        draw training rows from before them.

        Args:
            repeat: which draw; 0 is the dataset itself.

        Raises:
            ValueError: `repeat` is negative.
        """
        if repeat < 0:
            raise ValueError(f"repeat {repeat} is negative (choices: 0 for the plain split, 1, 2, ..)")
        if repeat == 0:
            return self
        if self.by_time:
            earlier = self.train.take(content_order(self.train.texts, seed=repeat))
            drawn = f"repeat {repeat}, from before the validation rows"
            return replace(self, train=earlier, provenance={**self.provenance, "training rows redrawn": drawn})
        pool = self.train.joined(self.valid)
        held = held_out(pool.labels, pool.texts, pool.groups, len(self.valid), seed=repeat)
        stay = np.setdiff1d(np.arange(len(pool)), held)
        stay = stay[content_order([pool.texts[i] for i in stay], seed=repeat)]
        return replace(
            self,
            train=pool.take(stay),
            valid=pool.take(held),
            provenance={**self.provenance, "training and validation rows redrawn": f"repeat {repeat}"},
        )


def _add_texts(digest: "hashlib._Hash", texts: tuple[str, ...]) -> None:
    """Add the number of texts, and each with its length: no two sequences of texts read the same."""
    digest.update(f"{len(texts)}\n".encode())
    for text in texts:
        content = text.encode("utf-8", "surrogatepass")
        digest.update(f"{len(content)}:".encode())
        digest.update(content)
