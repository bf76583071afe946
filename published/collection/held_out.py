"""Linear models beside five lines of scikit-learn on held-out training rows: `held_out.py FOLDER DRAWS FILE.csv`.

One test split of a small dataset may favour either side. Each draw cuts the training rows of the dataset in FOLDER anew
into training, validation and test rows; its own test rows are not read.
"""

import csv
import sys
from pathlib import Path

import numpy as np
from five_lines import FiveLinesOfCharacters, FiveLinesOfWords
from sklearn.base import clone

from benchmarks.config.datasets import load_dataset
from benchmarks.config.suite import Data
from data.dataset import Split
from losses.ce import CrossEntropy
from models.nbsvm import NbSvm
from models.tfidf_logreg import TfidfLogReg

TEST = 2_000
"""Rows of a draw that are tested; a third of all where that is less."""


def draw(rows: Split, valid_size: int, seed: int) -> tuple[Split, Split, Split]:
    """Return training, validation and test rows."""
    order = np.random.default_rng(seed).permutation(len(rows))
    tested = min(TEST, len(rows) // 3)
    cuts = order[tested + valid_size :], order[tested : tested + valid_size], order[:tested]
    train, valid, test = (rows.take(np.sort(cut)) for cut in cuts)
    return train, valid, test


def accuracies(train: Split, valid: Split, test: Split) -> dict[str, float]:
    """Return the accuracy of each contender."""
    found = {}
    for model in (NbSvm(), TfidfLogReg()):
        model.fit(train, valid, CrossEntropy(train.lengths, train.labels))
        found[model.name] = float((model.score(model.encode(test.texts)).argmax(axis=1) == test.labels).mean())
    for lines in (FiveLinesOfWords, FiveLinesOfCharacters):
        pipeline = clone(lines.pipeline).fit(train.texts, train.labels)
        found[lines.name] = float((pipeline.predict(test.texts) == test.labels).mean())
    return found


def main() -> None:
    """Write one row for each draw."""
    folder, draws, path = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    data = load_dataset(Data(name=str(folder)))
    valid_size = min(len(data.valid), len(data.train) // 5)
    with path.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream, lineterminator="\n")
        for seed in range(draws):
            parts = draw(data.train, valid_size, seed)
            found = accuracies(*parts)
            if seed == 0:
                rows.writerow(["draw", "train", "valid", "test", *found])
            rows.writerow([seed, *map(len, parts), *(f"{accuracy:.4f}" for accuracy in found.values())])


main()
