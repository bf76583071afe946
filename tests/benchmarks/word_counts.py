"""Naive Bayes over words, in as few lines as a model takes: a plug-in for tests, which also break it on purpose."""

import json

import numpy as np
from pydantic import PositiveFloat

from models.model import Encoded, FitReport, Model, Runtime


class WordCounts(Model):
    """Naive Bayes over words."""

    name = "word_counts"

    def __init__(self, *, smoothing: PositiveFloat = 1.0) -> None:
        self.smoothing = smoothing

    def fit(self, train, valid, loss, runtime=Runtime(), monitor=None):
        self.counts = {}
        self.num_classes = train.num_classes
        weights = loss.sample_weight(train.lengths, train.labels)
        for text, label, weight in zip(train.texts, train.labels, weights, strict=True):
            for word in text.split():
                self.counts.setdefault(word, [self.smoothing] * self.num_classes)[label] += weight
        scores = self.score(self.encode(valid.texts))
        accuracy = float((scores.argmax(axis=1) == valid.labels).mean())
        log_loss = float(-np.log(scores[np.arange(len(valid)), valid.labels]).mean())
        return FitReport(len(self.counts), [{"valid_accuracy": accuracy, "valid_loss": log_loss}])

    def encode(self, texts):
        words = [text.split() for text in texts]
        counts = np.array([len(text) for text in words])
        return Encoded(words, counts, counts)

    def score(self, encoded):
        logits = np.zeros((len(encoded), self.num_classes))
        for row, words in enumerate(encoded.features):
            for word in words:
                counts = self.counts.get(word, [1.0] * self.num_classes)
                logits[row] += np.log(counts) - np.log(sum(counts))
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def save(self, folder):
        content = {"classes": self.num_classes, "counts": self.counts}
        (folder / "counts.json").write_text(json.dumps(content))

    @classmethod
    def load(cls, folder, runtime=Runtime()):
        model = cls()
        try:
            content = json.loads((folder / "counts.json").read_text())
            model.num_classes, model.counts = content["classes"], content["counts"]
        except (OSError, ValueError, KeyError):
            raise ValueError(f"{folder} holds no saved {cls.name} model") from None
        return model
