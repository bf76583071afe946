"""The words that drove a decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.errors import UsageError, unknown
from benchmarks.inference.saved import Classifier
from benchmarks.measurement.clock import Clock
from benchmarks.redaction import reason_without_folders, shortened
from benchmarks.schema.explanations import ExplainedMistake, Explanations, Method, most_confident_mistakes
from data.cleaning import clean
from data.dataset import Split
from models.model import FloatArray, Model, WordWeights
from models.neural.torch_classifier import TorchClassifier

STEPS, FEW_STEPS = 64, 8
"""Points of the path that integrated gradients are summed over: for a user's text, and at the end of a cell."""

BUDGET = 5.0
"""Seconds that the explanations at the end of a cell may take."""

WORDS = 8
"""Of a mistake that are kept."""

LONGEST_WORD = 40
"""Characters of a word that are kept."""

PASSES_OF_A_STEP = 3
"""Forward passes that take as long as one with the gradient of its input."""

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
    classifier: Classifier,
    text: str,
    *,
    label: str | None = None,
    method: Method | None = None,
    steps: int = STEPS,
) -> Explanation:
    """Explain the label of a text.

    Args:
        classifier: whose label.
        text: the text as it comes.
        label: the class to explain; None takes the most probable one.
        method: see `Explanation`; None takes weights for models that have them, else gradients for torch models, else
            erasure.
        steps: points of the path that gradients are summed over.

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
        words = _gradients(model, cleaned, index, steps)
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


def explain_mistakes(
    classifier: Classifier, test: Split, probabilities: FloatArray, scoring: float, clock: Clock
) -> Explanations:
    """The words behind a cell's most confident mistakes, surest first, in about `BUDGET` seconds or less.

    An explanation is begun only if it, foreseen to take as long as the longest before it, fits into what is left; the
    others say so. By the method that `explain` prefers; where that needs captum and there is none, by erasure.

    Args:
        classifier: which is wrong.
        test: the N texts, cleaned.
        probabilities: (N, C) of them.
        scoring: seconds that scoring a text takes, about.
        clock: the harness's.
    """
    explained = []
    spent = longest = 0.0
    for index in most_confident_mistakes(test.rows, test.labels, probabilities):
        predicted = int(probabilities[index].argmax())
        attempt = partial(_affordable, classifier, test.texts[index], predicted, scoring, longest, BUDGET - spent)
        said, seconds = clock.time(attempt)
        spent, longest = spent + seconds, max(longest, seconds)
        explained.append(_kept(said, int(test.rows[index]), predicted))
    return Explanations(mistakes=tuple(explained))


def _affordable(
    classifier: Classifier, text: str, predicted: int, scoring: float, longest: float, left: float
) -> Explanation | str:
    """The explanation of a prediction, if it fits into the seconds that are left; else why there is none."""
    try:
        method, passes, finding = _affordable_method(classifier.model, text)
        if max(longest, passes * scoring) > left:
            return f"{finding}it would have taken the cell more than {BUDGET:.0f} s"
        return explain(classifier, text, label=classifier.classes[predicted], method=method, steps=FEW_STEPS)
    except Exception as error:  # noqa: BLE001  (whatever a plug-in raises here, its training is done, and counts)
        return shortened(reason_without_folders(f"{type(error).__name__}: {error}"), 200)


def _affordable_method(model: Model, text: str) -> tuple[Method, int, str]:
    """The method for a text, how many scorings it takes as long as, and what there is to say of a better one."""
    best = _choices(model, model.word_weights(text))[0]
    if best == "weights":
        return best, 1, ""
    if best == "gradients" and find_spec("captum"):
        return best, FEW_STEPS * PASSES_OF_A_STEP, ""
    return "erasure", len(text.split()), "captum is not installed, and without it " if best == "gradients" else ""


def _kept(said: Explanation | str, row: int, predicted: int) -> ExplainedMistake:
    """What is stored of an explanation, or of why there is none."""
    if isinstance(said, str):
        return ExplainedMistake(row=row, predicted=predicted, not_computed=said)
    words: dict[str, float] = {}
    for word, added in said.words:
        short = shortened(word, LONGEST_WORD)
        words[short] = words.get(short, 0.0) + added
    strongest = sorted(words.items(), key=lambda item: (-abs(item[1]), item[0]))[:WORDS]
    kept = tuple((word, round(added, 4)) for word, added in strongest if added)
    return ExplainedMistake(row=row, predicted=predicted, method=said.method, words=kept)


def _erasure(classifier: Classifier, text: str, index: int) -> list[tuple[str, float]]:
    words = text.split()
    without = [" ".join(words[:place] + words[place + 1 :]) for place in range(len(words))]
    odds = _log_odds(classifier.score([text, *without]))[:, index]
    return [(word, float(odds[0] - rest)) for word, rest in zip(words, odds[1:], strict=True)]


def _log_odds(probabilities: FloatArray) -> FloatArray:
    odds: FloatArray = np.log(probabilities.clip(LEAST)) - np.log((1 - probabilities).clip(LEAST))
    return odds


def _gradients(model: TorchClassifier, text: str, index: int, steps: int) -> list[tuple[str, float]]:
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

    with torch.backends.cudnn.flags(enabled=False):  # its LSTM has a backward pass in training alone
        attributions = LayerIntegratedGradients(log_odds, embedding).attribute(
            ids,
            baselines=torch.zeros_like(ids),  # padding
            additional_forward_args=(torch.ones_like(ids, dtype=torch.bool),),
            n_steps=steps,
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
