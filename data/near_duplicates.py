"""Test texts that are almost, but not exactly, training texts: a leak that comparing texts does not find."""

from collections.abc import Iterable

from datasketch import MinHash, MinHashLSH

from data.dataset import Dataset

THRESHOLD = 0.7
"""Jaccard similarity of the sets of word runs above which two texts count as near-duplicates."""

RUN = 5
PERMUTATIONS = 64
SEED = 1


def near_duplicates(dataset: Dataset) -> list[int]:
    """Return the row numbers of test texts that have a near-duplicate in training or validation; exact ones included.

    MinHash signatures over runs of five words, found by locality-sensitive hashing (Broder 1997; Leskovec et al.,
    Mining of Massive Datasets, chapter 3): an estimate, whose standard error at the threshold is 0.06.
    """
    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    signatures = dict(enumerate(_signatures((*dataset.train.texts, *dataset.valid.texts))))
    for number, signature in signatures.items():
        index.insert(number, signature)
    return [
        int(row)
        for row, signature in zip(dataset.test.rows, _signatures(dataset.test.texts), strict=True)
        if any(signatures[number].jaccard(signature) >= THRESHOLD for number in index.query(signature))
    ]


def _signatures(texts: Iterable[str]) -> list[MinHash]:
    signatures: list[MinHash] = MinHash.bulk(map(_runs, texts), num_perm=PERMUTATIONS, seed=SEED)
    return signatures


def _runs(text: str) -> list[bytes]:
    """Return every run of `RUN` words; the whole text where it is shorter."""
    words = text.lower().split()
    return [" ".join(words[i : i + RUN]).encode() for i in range(max(1, len(words) - RUN + 1))]
