"""Traits of a dataset that may decide which model wins on it."""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from benchmarks.store.results import Store, StoreError
from reports.analysis.baselines import class_shares
from reports.analysis.estimates import BoolArray, FloatArray, IntArray
from reports.analysis.results import Results

SAMPLED = 2_000
"""Texts whose letters tell the script."""

FEWEST_FOR_A_MODEL = 12
"""Datasets without which no model relates traits to winners."""


@dataclass(frozen=True)
class Traits:
    """Traits of a dataset.

    Attributes:
        texts: in all splits.
        classes: C.
        language: as the run was told; "" where it was not.
        words, characters: medians of a text; words are what white space separates, so that Chinese has few.
        largest, smallest: shares of the most common and the rarest class, of all splits.
        script: of most letters, such as "Latin"; "" where there are no letters.
        doubtful_labels: share of the test rows that count whose label a model doubts with confidence; NaN where not
            estimated.
    """

    texts: int
    classes: int
    language: str
    words: float
    characters: float
    largest: float
    smallest: float
    script: str
    doubtful_labels: float


def traits(results: Results, kept: BoolArray) -> Traits | None:
    """The traits of a run's data; None where the folder does not keep them.

    Args:
        results: of one dataset.
        kept: (M,) which of its M test rows count.
    """
    try:
        data = Store(results.folder).read_data(str(results.run["dataset"]["fingerprint"]))
    except StoreError:
        return None
    splits = (data.train, data.valid, data.test)
    classes = data.test.num_classes
    shares = class_shares(np.concatenate([split.labels for split in splits]), classes)
    return Traits(
        texts=sum(map(len, splits)),
        classes=classes,
        language=str(results.run["dataset"]["language"] or ""),
        words=float(np.median(np.concatenate([split.lengths for split in splits]))),
        characters=float(np.median([len(text) for split in splits for text in split.texts])),
        largest=float(shares.max()),
        smallest=float(shares.min()),
        script=script(data.train.texts[:SAMPLED]),
        doubtful_labels=_doubtful(results, kept),
    )


def script(texts: Iterable[str]) -> str:
    """The script of most letters, by their Unicode names: "Latin", "Arabic", "Cjk" for Chinese characters."""
    letters = Counter(character for text in texts for character in text if character.isalpha())
    scripts: Counter[str] = Counter()
    for letter, number in letters.items():
        scripts[unicodedata.name(letter, " ").split(" ")[0].split("-")[0]] += number
    (found, _), *_ = scripts.most_common(1) or [("", 0)]
    return "Chinese characters" if found == "CJK" else found.capitalize()


def _doubtful(results: Results, kept: BoolArray) -> float:
    """By the cell that is most accurate on the rows that count, none of which was in its training."""
    found = [results.predictions(cell) for cell in results.ok if cell.spec.role == "result"]
    if not found:
        return float("nan")
    best = max(found, key=lambda own: float(own.correct[kept].mean()))
    return doubtful_labels(best.labels[kept], best.probabilities[kept])


def doubtful_labels(labels: IntArray, probabilities: FloatArray) -> float:
    """Share of rows off the diagonal of the confident joint (Northcutt, Jiang & Chuang 2021, "Confident learning").

    A row counts as a class if its probability of it is at least the mean that rows labelled so have of it. Mistakes of
    the model count, too, so that this is above the share of wrong labels.

    Args:
        labels: (N,).
        probabilities: (N, C) of rows that were not in training.
    """
    classes = probabilities.shape[1]
    present = np.bincount(labels, minlength=classes) > 0
    own = probabilities[np.arange(len(labels)), labels]
    thresholds = np.bincount(labels, weights=own, minlength=classes) / np.maximum(
        np.bincount(labels, minlength=classes), 1
    )
    confident = (probabilities >= thresholds) & present
    likely = np.where(confident, probabilities, -1.0).argmax(axis=1)
    counted = np.asarray(confident.any(axis=1))
    return float(np.mean((likely != labels) & counted))
