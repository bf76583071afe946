"""Checks that can find a result meaningless; every one runs on every cell, and its verdict stands in the report."""

import math
from collections.abc import Mapping

import numpy as np
import torch
from scipy.stats import binom, binomtest
from torch.nn.functional import cross_entropy

from benchmarks.schema.audits import Audit
from data.dataset import Dataset, IntArray
from losses.loss import Loss
from models.model import FitReport, FloatArray

LEAST_DIFFERENCE = 1e-6
"""Relative difference of two gradients above which rounding does not explain it."""

PROBED_ROWS = 256
MOST_UNSEEN = 0.5
SHUFFLED_LEVEL = 0.001
CHANCE_LEVEL = 0.01
"""One-sided significance level of "better than always naming the most common class"."""


def loss_gradient(loss: Loss, lengths: IntArray, num_classes: int, *, reference: bool = False) -> Audit:
    """Whether the loss can change training: its gradient with respect to the logits must differ from cross-entropy's.

    A term that does not depend on the logits adds to the loss value and to nothing else.

    Args:
        loss: built on `lengths`.
        lengths: (N,) words of the training texts.
        num_classes: C.
        reference: the loss is cross-entropy itself, and its gradient must be cross-entropy's.
    """
    generator = torch.Generator().manual_seed(0)
    probed = np.sort(lengths)[np.linspace(0, len(lengths) - 1, min(PROBED_ROWS, len(lengths))).astype(np.int64)]
    logits = torch.randn(len(probed), num_classes, generator=generator, dtype=torch.float64).float().requires_grad_()
    labels = torch.randint(num_classes, (len(probed),), generator=generator)
    (own,) = torch.autograd.grad(loss(logits, labels, torch.from_numpy(probed)).mean(), logits)
    (plain,) = torch.autograd.grad(cross_entropy(logits, labels), logits)
    difference = float((own - plain).norm() / plain.norm())
    name = "loss gradient"
    if not math.isfinite(difference):
        return Audit(name=name, passed=False, reason="the loss's gradient is not finite")
    differs = difference > LEAST_DIFFERENCE
    if reference:
        reason = f"differs from cross-entropy's by {difference:.1%}" if differs else "is cross-entropy's, the reference"
        return Audit(name=name, passed=not differs, reason=reason)
    if differs:
        return Audit(name=name, passed=True, reason=f"differs from cross-entropy's by {difference:.1%}")
    return Audit(name=name, passed=False, reason="is cross-entropy's: this loss cannot change training")


def splits_disjoint(dataset: Dataset) -> Audit:
    """Whether no text is in two splits, and the validation and test rows are not training rows."""
    train, valid, test = (set(split.texts) for split in (dataset.train, dataset.valid, dataset.test))
    shared = {
        "train and valid": len(train & valid),
        "train and test": len(train & test),
        "valid and test": len(valid & test),
    }
    found = [f"{count} texts are in {where}" for where, count in shared.items() if count]
    reason = "; ".join(found) or "no text is in two splits"
    return Audit(name="splits disjoint", passed=not found, reason=reason)


def decoding(probabilities: FloatArray, num_classes: int) -> Audit:
    """Whether the scores (N, K) have one column for each of the `num_classes` classes and are probabilities.

    An argmax over a single column is class 0 whatever the model says.
    """
    name = "decoding"
    if probabilities.ndim != 2 or probabilities.shape[1] != num_classes:
        columns = probabilities.shape[1] if probabilities.ndim == 2 else 1
        return Audit(name=name, passed=False, reason=f"{columns} score columns for {num_classes} classes")
    sums = probabilities.sum(axis=1)
    if not np.isfinite(probabilities).all() or (probabilities < 0).any() or not np.allclose(sums, 1, atol=1e-4):
        return Audit(name=name, passed=False, reason="the scores are not probabilities that sum to 1")
    return Audit(name=name, passed=True, reason=f"{num_classes} probabilities for {num_classes} classes")


def predictions(probabilities: FloatArray, labels: IntArray, class_names: tuple[str, ...]) -> Audit:
    """Whether every class is predicted, and the accuracy is above what naming the most common class gives.

    Above: one-sided binomial test at level 0.01.
    """
    name = "predictions"
    predicted = probabilities.argmax(axis=1)
    counts = np.bincount(predicted, minlength=len(class_names))
    never = [class_names[index] for index in np.flatnonzero(counts == 0)]
    if never:
        return Audit(name=name, passed=False, reason=f"never predicts {', '.join(never)}")
    correct = int((predicted == labels).sum())
    chance = float(np.bincount(labels).max() / len(labels))
    if binom.sf(correct - 1, len(labels), chance) > CHANCE_LEVEL:
        reason = f"accuracy {correct / len(labels):.1%} is not above chance ({chance:.1%})"
        return Audit(name=name, passed=False, reason=reason)
    shares = ", ".join(f"{name} {count / len(labels):.0%}" for name, count in zip(class_names, counts, strict=True))
    return Audit(name=name, passed=True, reason=f"every class is predicted ({shares}), above chance")


def shuffled_labels(probabilities: FloatArray, labels: IntArray) -> Audit:
    """Whether a model trained on shuffled labels scores at chance; if it does not, test labels reach it otherwise.

    At chance: the accuracy's two-sided binomial test at level 0.001 does not tell it from the share of the class that
    is named most often by luck, one over the number of classes where these are balanced.
    """
    predicted = probabilities.argmax(axis=1)
    share = np.bincount(predicted, minlength=probabilities.shape[1]) / len(labels)
    expected = float((share * np.bincount(labels, minlength=probabilities.shape[1]) / len(labels)).sum())
    correct = int((predicted == labels).sum())
    at_chance = binomtest(correct, len(labels), expected).pvalue > SHUFFLED_LEVEL
    reason = f"trained on shuffled labels, {correct / len(labels):.1%} are right; {expected:.1%} would be by chance"
    return Audit(name="shuffled labels", passed=at_chance, reason=reason)


def repeated(probabilities: FloatArray, before: FloatArray | None) -> Audit:
    """Whether training again with the same seed gives the same predictions (N, C); None where there are none before."""
    name = "repeated"
    if before is None:
        return Audit(name=name, passed=False, reason="the cell that is repeated left no predictions")
    largest = float(np.abs(probabilities - before).max())
    changed = int((probabilities.argmax(axis=1) != before.argmax(axis=1)).sum())
    if largest == 0:
        return Audit(name=name, passed=True, reason="the same seed gave the very same probabilities")
    reason = f"the same seed gave {changed} other predictions, and probabilities up to {largest:.2g} apart"
    return Audit(name=name, passed=False, reason=reason)


def convergence(fitted: FitReport) -> Audit:
    """Whether the solver reached its tolerance; one that stopped early makes a difference between losses look real."""
    reasons = {
        True: "the solver reached its tolerance",
        False: "the solver stopped before its tolerance: its accuracy is not the model's",
        None: "trained for a set number of steps",
    }
    return Audit(name="convergence", passed=fitted.converged is not False, reason=reasons[fitted.converged])


def truncation(shares: Mapping[str, float]) -> Audit:
    """How much of the texts the model never saw; most of it would make the comparison one of prefixes.

    Args:
        shares: `texts_cut` and `tokens_cut`, of the test texts and of their tokens.
    """
    unseen = shares["tokens_cut"]
    reason = f"{shares['texts_cut']:.1%} of the texts were cut; {unseen:.1%} of their tokens were never seen"
    return Audit(name="truncation", passed=unseen < MOST_UNSEEN, reason=reason)
