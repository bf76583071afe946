"""The reviews that models get most confidently wrong: where labels are wrong, or reviews are odd, it shows here."""

from dataclasses import dataclass

import numpy as np

from benchmarks.store import Store
from reports.results import Configuration, Results

SHOWN = 5
LONGEST = 600
"""Characters of a review that are shown: its end, where the verdict mostly is."""


@dataclass(frozen=True)
class Mistake:
    """A test review.

    Attributes:
        row: its number in the source.
        label, predicted: class names.
        probability: of the predicted class.
        words: its length.
        text: its end.
    """

    row: int
    label: str
    predicted: str
    probability: float
    words: int
    text: str


@dataclass(frozen=True)
class Mistakes:
    """Those of one configuration, its first seed."""

    configuration: Configuration
    mistakes: tuple[Mistake, ...]


def most_confident_mistakes(results: Results) -> tuple[Mistakes, ...]:
    """For each model at its largest training size with the first loss that ran; empty where the texts are gone."""
    chosen: dict[str, Configuration] = {}
    for configuration in results.configurations:
        best = chosen.setdefault(configuration.model, configuration)
        if configuration.train_size > best.train_size:
            chosen[configuration.model] = configuration
    fingerprint = results.run["dataset"]["fingerprint"]
    store = Store(results.folder)
    if not chosen or not store.data_path(fingerprint).exists():
        return ()
    test = store.read_data(fingerprint).test
    texts = dict(zip(test.rows.tolist(), test.texts, strict=True))
    return tuple(Mistakes(c, _of(results, c, texts)) for c in chosen.values())


def _of(results: Results, configuration: Configuration, texts: dict[int, str]) -> tuple[Mistake, ...]:
    cell = configuration.cells[0]
    predictions = results.predictions(cell)
    confidence = predictions.probabilities.max(axis=1)
    wrong = np.flatnonzero(~predictions.correct)
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:SHOWN]
    return tuple(
        Mistake(
            row=int(predictions.rows[i]),
            label=cell.classes[predictions.labels[i]],
            predicted=cell.classes[predictions.predicted[i]],
            probability=float(confidence[i]),
            words=int(predictions.lengths[i]),
            text=_end(texts.get(int(predictions.rows[i]), "")),
        )
        for i in worst
    )


def _end(text: str) -> str:
    return text if len(text) <= LONGEST else f"… {text[-LONGEST:]}"
