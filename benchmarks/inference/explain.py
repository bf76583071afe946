"""Explanations of a decision: the contribution of each word."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.errors import UsageError, publishable, unknown
from benchmarks.inference.saved import Classifier
from benchmarks.measurement.clock import Clock
from benchmarks.redaction import shortened
from benchmarks.schema.explanations import ExplainedMistake, Explanations, Method, most_confident_mistakes
from data.arrays import FloatArray
from data.cleaning import clean
from data.dataset import Split
from models.model import Model, WordWeights
from models.neural.torch_classifier import TorchClassifier

STEPS = 64
"""Integration steps of integrated gradients for a text of the user's."""

STEPS_IN_CELL = 8
"""Integration steps for a mistake at the end of a cell."""

CELL_BUDGET = 5.0
"""Seconds that the explanations at the end of a cell may take together."""

STORED_WORDS = 8
"""Words stored per mistake."""

LONGEST_STORED_WORD = 40
"""Characters."""

PASSES_PER_STEP = 3
"""Forward passes that take as long as one forward and backward pass."""

SMALLEST_PROBABILITY = 1e-12
"""Probabilities are raised to this before their logarithm is taken."""


@dataclass(frozen=True)
class Explanation:
    """Contributions of words to a class.

    Attributes:
        label: the explained class.
        probability: its probability.
        method: "weights": the model's own weights, which sum with the intercept to the logit exactly; for models that
            are linear in words, see `WordWeights`. "gradients": integrated gradients from padding to the word's
            embedding (Sundararajan et al. 2017, arXiv:1703.01365), which sum to the difference in log-odds; for torch
            models. "erasure": drop in the log-odds of the class when the word is left out (Li et al. 2016,
            arXiv:1612.08220); for any model.
        words: each word that the model reads, in order, and its contribution to the log-odds of the class (nats); by
            weights and with more than two classes, to its logit.
        intercept: logit without any word; None where the method does not give one.
    """

    label: str
    probability: float
    method: Method
    words: tuple[tuple[str, float], ...]
    intercept: float | None = None

    def strongest(self, count: int) -> list[tuple[str, float]]:
        """Return the `count` words with the largest absolute contributions, largest first."""
        return sorted(self.words, key=lambda word: -abs(word[1]))[:count]


class Attempt(NamedTuple):
    """A method for explaining one mistake at the end of a cell.

    Attributes:
        method: the method.
        passes: its cost in forward passes.
        remark: why it is not a better one; empty if it is the best.
    """

    method: Method
    passes: int
    remark: str = ""


def explain(
    classifier: Classifier,
    text: str,
    *,
    label: str | None = None,
    method: Method | None = None,
    steps: int = STEPS,
) -> Explanation:
    """Explain the class of a text.

    Args:
        classifier: the trained model.
        text: raw text.
        label: class to explain; None takes the most probable one.
        method: see `Explanation`; None takes the first that the model has of weights, gradients, erasure.
        steps: integration steps of gradients.

    Raises:
        UsageError: there is no such class, the model does not have the method, or a library is missing.
    """
    if label is not None and label not in classifier.classes:
        raise unknown("class", label, classifier.classes)
    (scores,) = classifier.own_proba([text])
    index = int(scores.argmax()) if label is None else classifier.classes.index(label)
    model, cleaned = classifier.model, clean(text)
    weights = model.word_weights(cleaned)
    choices = _methods(model, weights)
    chosen = method or choices[0]
    intercept = None
    if chosen == "erasure":
        words = _erasure(classifier, cleaned, index)
    elif chosen == "gradients" and isinstance(model, TorchClassifier):
        words = _gradients(model, cleaned, index, steps)
    elif chosen == "weights" and weights is not None:
        words = list(zip(weights.words, weights.added[:, index].tolist(), strict=True))
        intercept = float(weights.intercept[index])
    else:
        detail = f"not available for {classifier.spec.model} (choices: {', '.join(choices)})"
        raise UsageError(detail, option="method", value=chosen)
    return Explanation(classifier.classes[index], float(scores[index]), chosen, tuple(words), intercept)


def explain_mistakes(
    classifier: Classifier, test: Split, probabilities: FloatArray, scoring: float, clock: Clock
) -> Explanations:
    """Explain a cell's most confident mistakes within `CELL_BUDGET` seconds, most confident first.

    An explanation is started only if it is expected to fit into the remaining time, judged by the longest one so far.
    The method is the model's first one; where gradients need captum and it is not installed, erasure.

    Args:
        classifier: the trained model.
        test: the N test texts, cleaned.
        probabilities: (N, C) predictions for them.
        scoring: seconds that scoring one text takes.
        clock: the harness's clock.
    """
    explained = []
    spent = longest = 0.0
    for index in most_confident_mistakes(test.rows, test.labels, probabilities):
        predicted = int(probabilities[index].argmax())
        remaining = CELL_BUDGET - spent
        attempt = partial(_within_budget, classifier, test.texts[index], predicted, scoring, longest, remaining)
        outcome, seconds = clock.time(attempt)
        spent, longest = spent + seconds, max(longest, seconds)
        explained.append(_stored(outcome, int(test.rows[index]), predicted))
    return Explanations(mistakes=tuple(explained))


def _methods(model: Model, weights: WordWeights | None) -> list[Method]:
    """List the methods that a model has, the most exact first."""
    own: list[Method] = ["weights"] if weights is not None else []
    networks: list[Method] = ["gradients"] if isinstance(model, TorchClassifier) else []
    return [*own, *networks, "erasure"]


def _within_budget(
    classifier: Classifier, text: str, predicted: int, scoring: float, longest: float, remaining: float
) -> Explanation | str:
    """Explain a prediction if that fits into the remaining seconds; else return the reason why not."""
    try:
        attempt = _attempt(classifier.model, text)
        if max(longest, attempt.passes * scoring) > remaining:
            return f"{attempt.remark}it would have taken the cell more than {CELL_BUDGET:.0f} s"
        return explain(
            classifier, text, label=classifier.classes[predicted], method=attempt.method, steps=STEPS_IN_CELL
        )
    except Exception as error:  # noqa: BLE001  (the training is done and counts, whatever a plug-in raises here)
        return publishable(error)


def _attempt(model: Model, text: str) -> Attempt:
    best = _methods(model, model.word_weights(text))[0]
    if best == "weights":
        return Attempt(best, 1)
    if best == "gradients" and find_spec("captum"):
        return Attempt(best, STEPS_IN_CELL * PASSES_PER_STEP)
    remark = "captum is not installed, and without it " if best == "gradients" else ""
    return Attempt("erasure", len(text.split()), remark)


def _stored(outcome: Explanation | str, row: int, predicted: int) -> ExplainedMistake:
    """Shorten an explanation for the results folder; occurrences of one word are summed."""
    if isinstance(outcome, str):
        return ExplainedMistake(row=row, predicted=predicted, not_computed=outcome)
    words: dict[str, float] = {}
    for word, contribution in outcome.words:
        short = shortened(word, LONGEST_STORED_WORD)
        words[short] = words.get(short, 0.0) + contribution
    strongest = sorted(words.items(), key=lambda item: (-abs(item[1]), item[0]))[:STORED_WORDS]
    stored = tuple((word, round(contribution, 4)) for word, contribution in strongest if contribution)
    return ExplainedMistake(row=row, predicted=predicted, method=outcome.method, words=stored)


def _erasure(classifier: Classifier, text: str, index: int) -> list[tuple[str, float]]:
    words = text.split()
    shortened_texts = [" ".join(words[:place] + words[place + 1 :]) for place in range(len(words))]
    whole, *without = _log_odds(classifier.own_proba([text, *shortened_texts]))[:, index]
    return [(word, float(whole - odds)) for word, odds in zip(words, without, strict=True)]


def _log_odds(probabilities: FloatArray) -> FloatArray:
    odds: FloatArray = np.log(probabilities.clip(SMALLEST_PROBABILITY)) - np.log(
        (1 - probabilities).clip(SMALLEST_PROBABILITY)
    )
    return odds


def _gradients(model: TorchClassifier, text: str, index: int, steps: int) -> list[tuple[str, float]]:
    try:
        from captum.attr import LayerIntegratedGradients
    except ImportError:
        detail = "needs captum: pip install captum (choices: erasure)"
        raise UsageError(detail, option="method", value="gradients") from None
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

    with torch.backends.cudnn.flags(enabled=False):  # cuDNN's LSTM has no backward pass in evaluation mode
        attributions = LayerIntegratedGradients(log_odds, embedding).attribute(
            ids,
            baselines=torch.full_like(ids, model.padding_id),
            additional_forward_args=(torch.ones_like(ids, dtype=torch.bool),),
            n_steps=steps,
            internal_batch_size=8,
        )
    return _join_word_pieces(model.token_texts(text), attributions.sum(dim=2)[0].tolist())


def _join_word_pieces(pieces: Sequence[str], values: Sequence[float]) -> list[tuple[str, float]]:
    """Add the contribution of a piece that continues a word ("##ly") to that word's."""
    words: list[tuple[str, float]] = []
    for piece, value in zip(pieces, values, strict=True):
        if piece.startswith("##") and words:
            start, before = words.pop()
            words.append((start + piece[2:], before + value))
        else:
            words.append((piece, value))
    return words
