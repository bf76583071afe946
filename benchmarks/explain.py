"""The words that drove a decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.errors import UsageError, unknown
from benchmarks.saved import Classifier
from data.cleaning import clean
from models.model import FloatArray, Model, WordWeights
from models.torch_classifier import TorchClassifier

Method = Literal["weights", "gradients", "erasure"]

STEPS = 64
"""Points of the path that integrated gradients are summed over."""

LEAST = 1e-12
"""Of a probability, before its logarithm is taken."""


@dataclass(frozen=True)
class Explanation:
    """Why a text got its label.

    Attributes:
        label: the class that is explained.
        probability: its probability.
        method: "weights": the model's own, with the intercept they sum to the logit exactly; models that are linear in
            words, see `WordWeights`. "gradients": integrated gradients from padding to the word's embedding
            (Sundararajan et al. 2017, arXiv:1703.01365), which sum to the difference in log-odds; torch models.
            "erasure": by how much the log-odds of the class fall when a word is left out (Li et al. 2016,
            arXiv:1612.08220); any model.
        words: each word the model reads, in order, and what it adds to the log-odds of the class (nats); by weights,
            of more than two classes, to its logit.
        intercept: what words add to; None where the method does not know it.
    """

    label: str
    probability: float
    method: Method
    words: tuple[tuple[str, float], ...]
    intercept: float | None = None

    def strongest(self, count: int) -> list[tuple[str, float]]:
        """The `count` words that add or take the most, strongest first."""
        return sorted(self.words, key=lambda word: -abs(word[1]))[:count]


def explain(
    classifier: Classifier, text: str, *, label: str | None = None, method: Method | None = None
) -> Explanation:
    """Explain the label of a text.

    Args:
        classifier: whose label.
        text: the text as it comes.
        label: the class to explain; None takes the most probable one.
        method: see `Explanation`; None takes weights for models that have them, else gradients for torch models, else
            erasure.

    Raises:
        UsageError: there is no such class, the method is not for this model, or its library is missing.
    """
    if label is not None and label not in classifier.classes:
        raise unknown("class", label, classifier.classes)
    (scores,) = classifier.score([text])
    index = int(scores.argmax()) if label is None else classifier.classes.index(label)
    model, cleaned = classifier.model, clean(text)
    weights = model.word_weights(cleaned)
    choices = _choices(model, weights)
    chosen = method or choices[0]
    intercept = None
    if chosen == "erasure":
        words = _erasure(classifier, cleaned, index)
    elif chosen == "gradients" and isinstance(model, TorchClassifier):
        words = _gradients(model, cleaned, index)
    elif chosen == "weights" and weights is not None:
        words = list(zip(weights.words, weights.added[:, index].tolist(), strict=True))
        intercept = float(weights.intercept[index])
    else:
        raise UsageError(f"--method {chosen!r} is not for {classifier.spec.model} (choices: {', '.join(choices)})")
    return Explanation(classifier.classes[index], float(scores[index]), chosen, tuple(words), intercept)


def _choices(model: Model, weights: WordWeights | None) -> list[Method]:
    """The methods that there are for a model, the best first."""
    own: list[Method] = ["weights"] if weights is not None else []
    networks: list[Method] = ["gradients"] if isinstance(model, TorchClassifier) else []
    return [*own, *networks, "erasure"]


def _erasure(classifier: Classifier, text: str, index: int) -> list[tuple[str, float]]:
    words = text.split()
    without = [" ".join(words[:place] + words[place + 1 :]) for place in range(len(words))]
    odds = _log_odds(classifier.score([text, *without]))[:, index]
    return [(word, float(odds[0] - rest)) for word, rest in zip(words, odds[1:], strict=True)]


def _log_odds(probabilities: FloatArray) -> FloatArray:
    odds: FloatArray = np.log(probabilities.clip(LEAST)) - np.log((1 - probabilities).clip(LEAST))
    return odds


def _gradients(model: TorchClassifier, text: str, index: int) -> list[tuple[str, float]]:
    try:
        from captum.attr import LayerIntegratedGradients
    except ImportError:
        raise UsageError("--method 'gradients' needs captum: pip install captum (or --method erasure)") from None
    network = model.network
    embedding = next((part for part in network.modules() if isinstance(part, nn.Embedding)), None)
    encoded = model.encode([text])
    if embedding is None or not encoded.tokens[0]:
        return []
    device = embedding.weight.device
    ids = torch.from_numpy(encoded.features[0]).long()[None].to(device)  # (1, T)

    def log_odds(input_ids: Tensor, mask: Tensor) -> Tensor:
        logits = network(input_ids, mask).float()
        others = [other for other in range(logits.shape[1]) if other != index]
        odds: Tensor = logits[:, index] - logits[:, others].logsumexp(dim=1)
        return odds

    attributions = LayerIntegratedGradients(log_odds, embedding).attribute(
        ids,
        baselines=torch.zeros_like(ids),  # padding
        additional_forward_args=(torch.ones_like(ids, dtype=torch.bool),),
        n_steps=STEPS,
        internal_batch_size=8,
    )
    return _whole_words(model.token_texts(text), attributions.sum(dim=2)[0].tolist())


def _whole_words(pieces: Sequence[str], values: Sequence[float]) -> list[tuple[str, float]]:
    """Word pieces that continue a word, "##ly", added to it."""
    words: list[tuple[str, float]] = []
    for piece, value in zip(pieces, values, strict=True):
        if piece.startswith("##") and words:
            begun, before = words.pop()
            words.append((begun + piece[2:], before + value))
        else:
            words.append((piece, value))
    return words
